import { describe, it } from "vitest";
import type { FloatOutput } from "../src/index.js";
import { describeEachBackend } from "./support/backends.js";
import { type Call, NAMED_CALLS, operandsFor, residentBeside } from "./support/calls.js";
import { expectSameBits, list, type Values } from "./support/ulp.js";

/** Short and long rows, many positions, more than a tile, a tile of few rows, more than a tile in a row. */
const SHAPES = [
  [5, 3],
  [9, 67],
  [3, 2049],
  [4100, 4],
  [50, 1500],
  [14, 5000],
  [2, 66_000],
] as const;

/** A copy of an array that begins `offset` elements into its buffer. */
function shifted<T extends Float32Array | Int32Array | undefined>(array: T, offset: number): T {
  if (array === undefined) return array;
  const room = new (array.constructor as new (n: number) => Float32Array)(array.length + offset + 3);
  room.set(array, offset);
  return room.subarray(offset, offset + array.length) as T;
}

/** The part of a result that belongs to some of its rows. */
function part(values: Values, rows: number, from: number, to: number): ArrayLike<number> {
  const all = list(values);
  const perRow = all.length / rows;
  return Array.prototype.slice.call(all, from * perRow, to * perRow);
}

function besidePerRow({ beside }: Call, length: number): number {
  return beside === "labels" ? 1 : length;
}

describeEachBackend("the bits of a result don't depend on", (backend) => {
  const shapes = SHAPES.filter(([rows, length]) => backend.affords(rows * length));

  describe.each(NAMED_CALLS)("%s:", (_, call) => {
    it.each(shapes)("how a batch is split, shape [%i, %i]", (rows, length) => {
      const { x, beside, shape } = operandsFor(call, rows, length);
      const whole = call.run(backend.k, x, beside, { shape });
      const perRow = besidePerRow(call, length);
      for (const size of [1, 2, 7, 4097]) {
        if (rows / size > 40) continue;
        for (let from = 0; from < rows; from += size) {
          const to = Math.min(from + size, rows);
          const operands = [
            x.subarray(from * length, to * length),
            beside?.subarray(from * perRow, to * perRow),
          ] as const;
          const { array, loss } = call.run(backend.k, ...operands, { shape: [to - from, length] });
          expectSameBits(array, part(whole.array, rows, from, to), `rows ${from} to ${to}`);
          expectSameBits(loss, part(whole.loss, rows, from, to), `loss of rows ${from} to ${to}`);
        }
      }
    });

    it.each(shapes)("where arrays begin in their buffers, shape [%i, %i]", (rows, length) => {
      const { x, beside, shape } = operandsFor(call, rows, length);
      const { array, loss } = call.run(backend.k, x, beside, { shape });
      for (const offset of [1, 2, 3]) {
        const to = call.replaces && { to: shifted(new Float32Array(x.length), (offset * 3) % 4) };
        const got = call.run(backend.k, shifted(x, offset), shifted(beside, offset + 1), { shape, ...to });
        expectSameBits(got.array, array, `offset ${offset}`);
        expectSameBits(got.loss, loss, `loss, offset ${offset}`);
      }
    });

    it.each(shapes)("which operands are resident, shape [%i, %i]", (rows, length) => {
      const { k } = backend;
      const { x, beside, shape } = operandsFor(call, rows, length);
      const z = k.alloc(shape).set(x);
      const room = k.alloc(shape);
      const there = residentBeside(k, beside, shape);
      const places: (FloatOutput | undefined)[] = call.replaces ? [new Float32Array(x.length), room] : [undefined];
      const expected = call.run(k, x, beside, { shape });
      for (const second of beside ? [beside, there] : [undefined]) {
        for (const first of [x, z]) {
          for (const to of places) {
            const got = call.run(k, first, second, { shape, ...(to && { to }) });
            const what = [first, second, to].map((o) => o?.constructor.name).join(", ");
            expectSameBits(got.array, expected.array, what);
            expectSameBits(got.loss, expected.loss, `loss, ${what}`);
          }
        }
      }
      const sum = call.run(k, x, beside, { shape, reduction: "sum" });
      const resident = call.run(k, z, there, { shape, reduction: "sum", ...(call.replaces && { to: room }) });
      expectSameBits(resident.loss, sum.loss, "sum");
      for (const batch of [z, room, there]) batch?.free();
    });

    it.each(shapes)("where a resident batch lies, shape [%i, %i]", (rows, length) => {
      const { k } = backend;
      const { x, beside, shape } = operandsFor(call, rows, length);
      const { array, loss } = call.run(k, x, beside, { shape });
      // Views that begin `offset` floats past a 16-byte boundary.
      const from = k.alloc([x.length + 8]);
      const room = k.alloc([x.length + 8]);
      for (const offset of [1, 2, 3]) {
        const z = from.rows(offset, offset + x.length).set(x);
        const to = call.replaces && { to: room.rows((offset * 3) % 4, ((offset * 3) % 4) + x.length) };
        const got = call.run(k, z, beside, { shape, ...to });
        expectSameBits(got.array, array, `offset ${offset}`);
        expectSameBits(got.loss, loss, `loss, offset ${offset}`);
      }
      from.free();
      room.free();
    });

    it("what else is in the batch, and where in it a row stands", () => {
      const [rows, length, at] = [40, 21, 30];
      const perRow = besidePerRow(call, length);
      const { x, beside, shape } = operandsFor(call, rows, length);
      const others = operandsFor(call, rows, length, 99);
      others.x.set(x.subarray(0, length), at * length);
      if (beside) others.beside?.set(beside.subarray(0, perRow), at * perRow);
      const before = call.run(backend.k, x, beside, { shape });
      const after = call.run(backend.k, others.x, others.beside, { shape });
      expectSameBits(part(after.array, rows, at, at + 1), part(before.array, rows, 0, 1), "row 0 as row 30");
      expectSameBits(part(after.loss, rows, at, at + 1), part(before.loss, rows, 0, 1), "loss of row 0 as row 30");
    });
  });
});
