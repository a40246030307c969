import { describe, expect, it } from "vitest";
import { AxisError, type FloatOutput } from "../src/index.js";
import { describeEachBackend } from "./support/backends.js";
import { NAMED_CALLS, operandsFor, residentBeside } from "./support/calls.js";
import { expectRefused, filled } from "./support/refusals.js";
import { expectSameBits, list, type Values } from "./support/ulp.js";

/** [outer, classes, inner]: few and many classes, part of a cache line and many, more than a tile a slab and a row. */
type Layout = readonly [outer: number, classes: number, inner: number];

const LAYOUTS: readonly Layout[] = [
  [2, 3, 5],
  [1, 7, 16],
  [3, 67, 18],
  [2, 1, 33],
  [40, 10, 3],
  [2, 2049, 3],
  [1, 40, 2500],
  [1, 2, 40_000],
  [1, 66_000, 2],
  [4100, 3, 2],
];

/** From [outer, inner, classes] to [outer, classes, inner] and, with `back`, the other way. */
function transpose<T extends Float32Array | Int32Array | undefined>(
  array: T,
  [outer, classes, inner]: Layout,
  back = false,
): T {
  if (array === undefined) return array;
  const result = array.slice() as Float32Array;
  const [a, b] = back ? [classes, inner] : [inner, classes];
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < a; i++) for (let j = 0; j < b; j++) result[(o * b + j) * a + i] = array[(o * a + i) * b + j];
  }
  return result as T;
}

const ROW_CALLS = NAMED_CALLS.filter(([, { by }]) => by === "row");

describeEachBackend("along an axis that isn't the last", (backend) => {
  describe.each(ROW_CALLS)("%s", (_, call) => {
    it.each(LAYOUTS.filter(([outer, classes, inner]) => backend.affords(outer * classes * inner)))(
      "has the bits of the last axis of the transposed batch: [%i, %i, %i]",
      (...layout) => {
        const { k } = backend;
        const [outer, classes, inner] = layout;
        const { x, beside, shape } = operandsFor(call, outer * inner, classes);
        const expected = call.run(k, x, beside, { shape });
        const across = { shape: [outer, classes, inner], axis: 1 };
        const turned = transpose(x, layout);
        const turnedBeside = beside instanceof Float32Array ? transpose(beside, layout) : beside;
        const check = (array: Values, loss: Values, what: string) => {
          const got = list(array).length > 0 ? transpose(Float32Array.from(list(array)), layout, true) : [];
          expectSameBits(got, expected.array, what);
          expectSameBits(loss, expected.loss, `loss, ${what}`);
        };
        const foreign = call.run(k, turned, turnedBeside, across);
        check(foreign.array, foreign.loss, "foreign");
        const z = k.alloc(across.shape).set(turned);
        const there = residentBeside(k, turnedBeside, shape);
        const to = call.replaces && { to: k.alloc(across.shape) as FloatOutput };
        const resident = call.run(k, z, there?.data, { ...across, ...to });
        check(resident.array, resident.loss, "resident");
        for (const operand of call.replaces ?? []) {
          const copies = { x: turned.slice(), beside: turnedBeside?.slice() as Float32Array };
          const inPlace = call.run(k, copies.x, copies.beside, { ...across, to: copies[operand] });
          check(inPlace.array, inPlace.loss, `in place of ${operand}`);
        }
        for (const batch of [z, there, to?.to]) if (batch && "free" in batch) batch.free();
      },
    );

    it("counts axes from either end", () => {
      const { x, beside } = operandsFor(call, 6, 4);
      const options = { shape: [4, 2, 3] };
      const run = (axis: number) => {
        const { array, loss } = call.run(backend.k, x, beside, { ...options, axis });
        return [...Array.from(list(array)), ...Array.from(list(loss))];
      };
      expect(run(0)).toEqual(run(-3));
    });

    it.each([3, -4, 1.5, Number.NaN, Infinity, "1", null, [1, 7]])("refuses axis %s of three", (axis) => {
      if (axis === null) return; // as if not given
      expectRefused(backend.k, AxisError, "AXIS", (k, watch) => {
        const { x, beside } = operandsFor(call, 2, 3);
        const to = call.replaces && { to: watch(filled(6)) };
        return call.run(k, watch(x), beside, { shape: [1, 2, 3], axis: axis as number, ...to });
      });
    });
  });
});
