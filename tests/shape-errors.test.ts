import { describe, expect, it } from "vitest";
import { AxisError, ShapeError } from "../src/index.js";
import { describeEachBackend } from "./support/backends.js";
import { type Call, NAMED_CALLS, operandsFor } from "./support/calls.js";
import { expectRefused, filled } from "./support/refusals.js";

/** None of these is a shape of six numbers. */
const WRONG: readonly (readonly [string, unknown])[] = [
  ["too few numbers", [2, 2]],
  ["too many numbers", [2, 4]],
  ["too many axes", [2, 3, 2]],
  ["an empty axis", [0, 6]],
  ["negative sizes whose product is right", [-2, -3]],
  ["a fractional size whose product is right", [1.5, 4]],
  ["NaN", [Number.NaN, 3]],
  ["infinite sizes", [Infinity, 3]],
  ["a product beyond 2^53", [2 ** 30, 2 ** 30]],
  ["a product beyond float64", Array(22).fill(2 ** 50)],
  ["text in place of sizes", ["2", "3"]],
  ["BigInts in place of sizes", [2n, 3n]],
  ["a hole", Object.assign(new Array(2), { 0: 6 })],
  ["null in place of a size", [6, null]],
  ["a number", 6],
  ["text", "6"],
  ["an object", { 0: 6, length: 1 }],
  ["a detached array", detached(Int32Array.of(2, 3))],
];

function detached(array: Int32Array<ArrayBuffer>): Int32Array {
  structuredClone(array, { transfer: [array.buffer] });
  return array;
}

/** A filled output, where the call takes one. */
function room({ replaces }: Call, watch: (array: Float32Array) => Float32Array, length = 6): { to?: Float32Array } {
  return replaces ? { to: watch(filled(length)) } : {};
}

describeEachBackend("a wrong shape", (backend) => {
  describe.each(NAMED_CALLS)("%s refuses, before anything is written,", (_, call) => {
    it.each(WRONG)("%s", (_title, shape) => {
      expectRefused(backend.k, ShapeError, "SHAPE", (k, watch) => {
        const { x, beside } = operandsFor(call, 2, 3);
        return call.run(k, watch(x), beside, { shape: shape as never, ...room(call, watch) });
      });
    });

    it("more axes than there ever are, in arrays of any length", () => {
      for (const shape of [new Array(65).fill(1), new Uint8Array(140e6)]) {
        const error = expectRefused(backend.k, ShapeError, "SHAPE", (k) =>
          k.softmax(Float32Array.of(1), { shape } as object),
        );
        expect(error.message).toBe(`The shape of x has ${shape.length} axes; at most 64 are taken.`);
      }
      const shape = new Array(64).fill(1);
      expect([...backend.k.softmax(Float32Array.of(1), { shape })]).toEqual([1]);
    });

    it("null, which is no default", () => {
      expectRefused(backend.k, ShapeError, "SHAPE", (k, watch) => {
        const { x, beside } = operandsFor(call, 1, 6);
        return call.run(k, watch(x), beside, { shape: null as never, ...room(call, watch) });
      });
    });

    it.each(WRONG)("%s that came with the data", (_title, shape) => {
      expectRefused(backend.k, ShapeError, "SHAPE", (k, watch) => {
        const { x, beside } = operandsFor(call, 2, 3);
        return call.run(k, { data: watch(x), shape: shape as never }, beside, room(call, watch));
      });
    });

    it("a second operand of another length", () => {
      if (call.beside === "nothing") return;
      for (const [rows, length] of [
        [3, 3],
        [1, 3],
        [0, 0],
      ] as const) {
        expectRefused(backend.k, ShapeError, "SHAPE", (k, watch) => {
          const { x } = operandsFor(call, 2, 3);
          const { beside } = operandsFor(call, rows, length);
          return call.run(k, watch(x), beside, { shape: [2, 3], ...room(call, watch) });
        });
      }
    });

    it("a second operand of another shape", () => {
      const { x, beside } = operandsFor(call, 2, 3);
      if (!beside) return;
      const wrong = call.beside === "labels" ? [[1, 2], [2, 1], [], [3]] : [[3, 2], [6], [1, 2, 3], [2, 4]];
      for (const shape of wrong) {
        expectRefused(backend.k, ShapeError, "SHAPE", (k, watch) =>
          call.run(k, watch(x), { data: beside, shape } as never, { shape: [2, 3], ...room(call, watch) }),
        );
      }
    });

    it.each([3, -4, 1.5, Number.NaN, Infinity, "1", [1, 7], null])(
      "axis %s of three, where there is a class axis",
      (axis) => {
        if (call.by === "element") return;
        expectRefused(backend.k, AxisError, "AXIS", (k, watch) => {
          const { x, beside } = operandsFor(call, 2, 3);
          return call.run(k, watch(x), beside, { shape: [1, 2, 3], axis: axis as number, ...room(call, watch) });
        });
      },
    );

    it("a shape without an axis, where rows are needed", () => {
      if (call.by === "element") return;
      expectRefused(backend.k, AxisError, "AXIS", (k, watch) => {
        const { x, beside } = operandsFor(call, 1, 1);
        return call.run(k, watch(x), beside, { shape: [], ...room(call, watch, 1) });
      });
    });
  });

  it("says what was given and what it would mean", () => {
    const { message } = expectRefused(backend.k, ShapeError, "SHAPE", (k) => k.softmax(filled(6), { shape: [2, 4] }));
    expect(message).toMatch(/length 6;.*\[2,4\] means 8/);
  });

  it.each([
    ["negative", [-1]],
    ["fractional", [2.5]],
    ["NaN", [Number.NaN]],
    ["no list", 5],
    ["undefined", undefined],
    ["text", "5"],
    ["a BigInt", [5n]],
  ])("is refused by alloc: %s", (_, shape) => {
    expectRefused(backend.k, ShapeError, "SHAPE", (k) => k.alloc(shape as never));
  });

  it.each([
    [0, 4],
    [-1, 2],
    [2, 1],
    [0.5, 1],
    [Number.NaN, 1],
    [0, Infinity],
    [undefined, undefined],
    ["0", "1"],
  ])("is refused by rows of 3 rows: %s to %s", (from, to) => {
    const z = backend.k.alloc([3, 2]);
    expectRefused(backend.k, ShapeError, "SHAPE", () => z.rows(from as number, to as number));
    z.free();
    const scalar = backend.k.alloc([]);
    expectRefused(backend.k, ShapeError, "SHAPE", () => scalar.rows(0, 0));
    scalar.free();
  });
});
