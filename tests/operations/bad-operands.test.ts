import { describe, expect, it } from "vitest";
import { DtypeError, ForeignError, OverlapError, ShapeError, type XentropyError } from "../../src/index.js";
import { type BackendRow, describeEachBackend } from "../support/backends.js";
import { expectRefused, filled } from "../support/refusals.js";
import { expectSameBits } from "../support/ulp.js";
import { type Operation, type Options, optionsOf, run } from "./support/operation.js";
import { NAMED_OPERATIONS } from "./support/operations.js";

const LAYOUT = { shape: [2, 3], axis: -1 };

const WRITING = NAMED_OPERATIONS.filter(([, { writes }]) => writes);

/** Operands and options that hold arrays, each by a name, and the call with one of them replaced. */
function arraysOf(operation: Operation): readonly (readonly [string, Float32Array | Int32Array, Replace])[] {
  const operands = operation.operands(LAYOUT, 61);
  const all: Options = Object.assign(
    {},
    ...operation.variants.map((variant) => optionsOf(operation, variant, LAYOUT, 62)),
  );
  const { grad, ...options } = all;
  const inOperands = operands.flatMap((array, i) => {
    if (typeof array === "number") return [];
    const replace: Replace = (other) => [operands.map((o, j) => (i === j ? other : o)), options];
    return [[`operand ${i}`, array, replace] as const];
  });
  const inOptions = Object.entries(options).flatMap(([name, array]) => {
    if (!(array instanceof Float32Array)) return [];
    const replace: Replace = (other) => [operands, { ...options, [name]: other }];
    return [[name, array, replace] as const];
  });
  return [...inOperands, ...inOptions];
}

type Replace = (other: unknown) => readonly [readonly unknown[], Options];

/** Fails unless the call with `other` in place of one of its arrays is refused before anything is written. */
function refuse(
  { k }: BackendRow,
  operation: Operation,
  [operands, options]: ReturnType<Replace>,
  [error, code]: readonly [abstract new (...args: never) => XentropyError, string],
): void {
  expectRefused(k, error, code, (kernels, watch) => {
    const to = operation.writes && { [operation.writes]: watch(filled(6)) };
    return run(kernels, operation, operands, { ...options, ...to });
  });
}

describeEachBackend("what an operation is given", (backend) => {
  describe.each(NAMED_OPERATIONS)("%s", (_, operation) => {
    it("is refused where it was transferred away", () => {
      for (const [, array, replace] of arraysOf(operation)) {
        const { length } = array;
        const gone = array instanceof Int32Array ? new Int32Array(length) : new Float32Array(length);
        structuredClone(gone, { transfer: [gone.buffer] });
        refuse(backend, operation, replace(gone), [DtypeError, "DTYPE"]);
        refuse(backend, operation, replace({ data: gone, shape: [length] }), [DtypeError, "DTYPE"]);
      }
    });

    it("is refused where it holds float64, text, or nothing", () => {
      for (const [name, { length }, replace] of arraysOf(operation)) {
        const bad = [new Float64Array(length), "1".repeat(length), null, { length }, new ArrayBuffer(4 * length)];
        for (const other of name.startsWith("operand") ? [...bad, undefined] : bad) {
          refuse(backend, operation, replace(other), [DtypeError, "DTYPE"]);
        }
      }
    });

    it("is refused where its own shape isn't the one wanted, or none at all", () => {
      for (const [name, data, replace] of arraysOf(operation)) {
        if (name === "operand 0" || /^(posWeight|elementWeights)$/.test(name)) continue;
        const { length } = data;
        for (const shape of [[length + 1], [-length], [length, 0], [length / 4, 4], [1, 1, length], "6", [2n]]) {
          refuse(backend, operation, replace({ data, shape }), [ShapeError, "SHAPE"]);
        }
      }
    });

    it("is refused with an error of the package where it only inherits from what it should be", () => {
      const z = backend.k.alloc([2, 3]);
      for (const [, array, replace] of arraysOf(operation)) {
        refuse(backend, operation, replace(Object.create(Object.getPrototypeOf(array))), [DtypeError, "DTYPE"]);
        refuse(backend, operation, replace(Object.create(Object.getPrototypeOf(z))), [ForeignError, "FOREIGN"]);
      }
      z.free();
    });

    it("is read once: properties that change later are seen as they were first", () => {
      for (const [name, data, replace] of arraysOf(operation)) {
        const { shape } = LAYOUT;
        const own = data.length === 6 ? shape : [data.length];
        const expected = run(backend.k, operation, ...replace({ data, shape: own }));
        const reads: Record<string, number> = {};
        const once = (key: string, value: unknown) => ({
          enumerable: true,
          get: () => {
            reads[key] = (reads[key] ?? 0) + 1;
            return reads[key] === 1 ? value : undefined;
          },
        });
        const tensor = Object.defineProperties({}, { data: once("data", data), shape: once("shape", own) });
        const got = run(backend.k, operation, ...replace(tensor));
        for (const [output, values] of Object.entries(expected)) expectSameBits(got[output], values, output);
        expect(reads, name).toEqual({ data: 1, shape: 1 });
      }
    });

    it("may all lie in one buffer", () => {
      const arrays = arraysOf(operation);
      const room = new ArrayBuffer(4 * arrays.reduce((sum, [, { length }]) => sum + length + 1, 0));
      let at = 4;
      const moved = new Map<unknown, Float32Array | Int32Array>();
      for (const [, array] of arrays) {
        const view = new (array.constructor as typeof Float32Array)(room, at, array.length);
        view.set(array);
        moved.set(array, view);
        at += array.byteLength + 4;
      }
      const options = arrays[0][2](arrays[0][1])[1];
      const operands = operation.operands(LAYOUT, 61);
      const there = arraysOf(operation).filter(([name]) => name.startsWith("operand"));
      const inRoom = operands.map((o, i) => {
        const index = there.findIndex(([name]) => name === `operand ${i}`);
        return index < 0 ? o : moved.get(arrays[index][1]);
      });
      const optionsInRoom = Object.fromEntries(Object.entries(options).map(([n, v]) => [n, moved.get(v) ?? v]));
      const expected = run(backend.k, operation, operands, options);
      const got = run(backend.k, operation, inRoom, optionsInRoom);
      for (const [output, values] of Object.entries(expected)) expectSameBits(got[output], values, output);
    });
  });

  describe.each(WRITING)("%s", (_, operation) => {
    const output = operation.writes as string;
    const given = () => operation.operands(LAYOUT, 63);
    const options = optionsOf(operation, operation.variants[0], LAYOUT);

    it("is refused an output that overlaps an input in part", () => {
      for (const i of given().keys()) {
        if (typeof given()[i] === "number") continue;
        for (const shift of [-1, 1]) {
          expectRefused(backend.k, OverlapError, "OVERLAP", (k, watch) => {
            const operands = given();
            const input = operands[i] as Float32Array;
            const room = new Float32Array(16);
            const there = new (input.constructor as typeof Float32Array)(room.buffer, 16, input.length);
            there.set(input);
            operands[i] = there;
            watch(room);
            return run(k, operation, operands, { ...options, [output]: room.subarray(4 + shift, 10 + shift) });
          });
        }
      }
    });

    it("is refused an output that has an array as its data", () => {
      expectRefused(backend.k, DtypeError, "DTYPE", (k, watch) =>
        run(k, operation, given(), { ...options, [output]: { data: watch(filled(6)), shape: [2, 3] } }),
      );
    });
  });
});
