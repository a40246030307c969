import { describe, it } from "vitest";
import { describeEachBackend } from "./support/backends.js";
import { NAMED_CALLS, operandsFor } from "./support/calls.js";
import { normal } from "./support/samples.js";
import { expectSameBits, list, type Values } from "./support/ulp.js";

/** Positions and classes: a batch that is staged at once, with its classes moved apart or not, and several parts of one. */
const SHAPES = [
  [6, 5],
  [256, 3],
  [21, 300],
  [512, 9],
  [1026, 70],
  [1024, 400],
  [4100, 4],
  [40, 3001],
  [3, 30_001],
  [3, 70_001],
  [30, 20_001],
  [2, 66_000],
] as const;

/** Rows × columns with the columns first. */
function turned(values: Values, rows: number): Float32Array {
  const all = list(values);
  const cols = all.length / rows;
  const to = new Float32Array(all.length);
  for (let row = 0; row < rows; row++)
    for (let col = 0; col < cols; col++) to[col * rows + row] = all[row * cols + col];
  return to;
}

/** Slabs of a few numbers: how many, classes and positions of each. */
const SLABS = [
  [90, 4, 3],
  [41, 10, 9],
  [20, 70, 2],
  [5000, 5, 3],
  [30, 3, 256],
] as const;

/** Rows × columns of each of many slabs with the columns first. */
function turnedSlabs(values: Values, slabs: number, rows: number): Float32Array {
  const all = Float32Array.from(list(values));
  const size = all.length / slabs;
  const to = new Float32Array(all.length);
  for (let at = 0; at < all.length; at += size) to.set(turned(all.subarray(at, at + size), rows), at);
  return to;
}

describeEachBackend("the bits of a result don't depend on which axis the classes are", (backend) => {
  const shapes = SHAPES.filter(([rows, length]) => backend.affords(rows * length));

  describe.each(NAMED_CALLS.filter(([, { by }]) => by === "row"))("%s:", (_, call) => {
    it.each(shapes)("%i positions, %i classes", (rows, length) => {
      const { k } = backend;
      const { x, beside } = operandsFor(call, rows, length);
      const expected = call.run(k, x, beside, { shape: [rows, length] });
      const array = turned(expected.array, rows);
      const [shape, axis] = [[length, rows], 0];
      const across = turned(x, rows);
      const second = beside instanceof Float32Array ? turned(beside, rows) : beside;
      const there = k.alloc(shape).set(across);
      const room = k.alloc(shape);
      for (const first of [across, there]) {
        for (const to of call.replaces?.includes("x") ? [undefined, room, first] : [undefined]) {
          const what = `${first.constructor.name} to ${to === first ? "itself" : to?.constructor.name}`;
          const got = call.run(k, first, second, { shape, axis, ...(to && { to }) });
          expectSameBits(got.array, array, what);
          expectSameBits(got.loss, expected.loss, `loss, ${what}`);
        }
      }
      there.free();
      room.free();
    });
  });

  const slabs = SLABS.filter(([outer, classes, inner]) => backend.affords(outer * classes * inner));

  describe.each(NAMED_CALLS.filter(([, { by }]) => by === "row"))("%s:", (_, call) => {
    it.each(slabs)("%i slabs of %i classes, %i positions each", (outer, classes, inner) => {
      const { k } = backend;
      const { x, beside } = operandsFor(call, outer * inner, classes);
      const expected = call.run(k, x, beside, { shape: [outer * inner, classes] });
      const shape = [outer, classes, inner];
      const across = turnedSlabs(x, outer, inner);
      const second = beside instanceof Float32Array ? turnedSlabs(beside, outer, inner) : beside;
      const there = k.alloc(shape).set(across);
      for (const first of [across, there]) {
        const got = call.run(k, first, second, { shape, axis: 1 });
        expectSameBits(got.array, turnedSlabs(expected.array, outer, inner), first.constructor.name);
        expectSameBits(got.loss, expected.loss, `loss, ${first.constructor.name}`);
      }
      there.free();
    });
  });

  it("of slabs larger than a tile, whose classes have to be brought apart", () => {
    const { k } = backend;
    const [shape, axis] = [[2, 70, 1024], 1];
    const size = 2 * 70 * 1024;
    if (!backend.affords(size)) return;
    const x = normal(size, 5, 0, 8);
    const expected = k.softmax(x, { shape, axis });
    const there = k.alloc(shape).set(x);
    const room = k.alloc(shape);
    expectSameBits(k.softmax(there, { axis, out: room }), expected, "to another");
    expectSameBits(k.softmax(there, { axis, out: there }), expected, "to itself");
    there.free();
    room.free();
  });
});
