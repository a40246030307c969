import { describe, it } from "vitest";
import type { FloatOutput } from "../src/index.js";
import { describeEachBackend } from "./support/backends.js";
import { elements, NAMED_CALLS, operandsFor, residentBeside } from "./support/calls.js";
import { expectSameBits } from "./support/ulp.js";

const SHAPES = [
  [5, 3],
  [9, 67],
  [3, 2049],
  [9000, 4],
  [70, 1500],
  [2, 66_000],
] as const;

/** A copy of an array that begins `offset` elements into its buffer. */
function shifted<T extends Float32Array | Int32Array | undefined>(array: T, offset: number): T {
  if (array === undefined) return array;
  const room = new (array.constructor as new (n: number) => Float32Array)(array.length + offset + 3);
  room.set(array, offset);
  return room.subarray(offset, offset + array.length) as T;
}

describeEachBackend("the bits of a result don't depend on", (backend) => {
  describe.each(NAMED_CALLS)("%s:", (_, call) => {
    it.each(SHAPES)("how a batch is split, shape [%i, %i]", (rows, length) => {
      const { x, beside, shape } = operandsFor(call, rows, length);
      const whole = call.run(backend.k, x, beside, { shape });
      const perRow = call.beside === "labels" ? 1 : length;
      const losses = (whole.loss as ArrayLike<number>).length / rows;
      for (const size of [1, 2, 7, 4097]) {
        if (rows / size > 100) continue;
        for (let from = 0; from < rows; from += size) {
          const n = Math.min(size, rows - from);
          const part = call.run(
            backend.k,
            x.subarray(from * length, (from + n) * length),
            beside?.subarray(from * perRow, (from + n) * perRow),
            { shape: [n, length] },
          );
          const what = `rows ${from} to ${from + n}`;
          const expected = elements(whole.array).subarray(from * length, (from + n) * length);
          expectSameBits(elements(part.array), expected, what);
          const loss = (whole.loss as Float32Array).slice(from * losses, (from + n) * losses);
          expectSameBits(part.loss, loss, `loss of ${what}`);
        }
      }
    });

    it.each(SHAPES)("where arrays begin in their buffers, shape [%i, %i]", (rows, length) => {
      const { x, beside, shape } = operandsFor(call, rows, length);
      const { array, loss } = call.run(backend.k, x, beside, { shape });
      for (const offset of [1, 2, 3, 5]) {
        const to = shifted(new Float32Array(x.length), (offset * 3) % 4);
        const got = call.run(backend.k, shifted(x, offset), shifted(beside, offset + 1), { shape, to });
        expectSameBits(to, array, `offset ${offset}`);
        expectSameBits(got.loss, loss, `loss, offset ${offset}`);
      }
    });

    it.each(SHAPES)("which operands are resident, shape [%i, %i]", (rows, length) => {
      const { k } = backend;
      const { x, beside, shape } = operandsFor(call, rows, length);
      for (const reduction of ["none", "sum", "mean"] as const) {
        const expected = call.run(k, x, beside, { shape, reduction });
        const z = k.alloc(shape).set(x);
        const to = k.alloc(shape);
        const there = residentBeside(k, beside, shape);
        const places: FloatOutput[] = [new Float32Array(x.length), to, to.data];
        for (const second of beside ? [beside, there] : [undefined]) {
          for (const first of [x, z, z.data]) {
            for (const place of places) {
              const got = call.run(k, first, second, { shape, to: place, reduction });
              const what = `${reduction}, ${[first, second, place].map((o) => o?.constructor.name)}`;
              expectSameBits(place, expected.array, what);
              expectSameBits(got.loss, expected.loss, `loss, ${what}`);
            }
          }
        }
        for (const batch of [z, to]) batch.free();
        if (there && "free" in there) there.free();
      }
    });

    it.each(SHAPES)("where a resident batch lies, shape [%i, %i]", (rows, length) => {
      const { k } = backend;
      const { x, beside, shape } = operandsFor(call, rows, length);
      const { array, loss } = call.run(k, x, beside, { shape });
      // A view that begins `offset` floats past a 16-byte boundary.
      const room = k.alloc([x.length + 8]);
      const from = k.alloc([x.length + 8]);
      for (const offset of [1, 2, 3]) {
        const z = from.rows(offset, offset + x.length).set(x);
        const to = room.rows((offset * 3) % 4, ((offset * 3) % 4) + x.length);
        const got = call.run(k, z, beside, { shape, to });
        expectSameBits(to.data, array, `offset ${offset}`);
        expectSameBits(got.loss, loss, `loss, offset ${offset}`);
      }
      room.free();
      from.free();
    });

    it("what else is in the batch", () => {
      const { x, beside, shape } = operandsFor(call, 40, 21);
      const { array } = call.run(backend.k, x, beside, { shape });
      const others = operandsFor(call, 40, 21, 99);
      others.x.set(x.subarray(0, 21), 30 * 21);
      if (beside)
        others.beside?.set(
          beside.subarray(0, call.beside === "labels" ? 1 : 21),
          call.beside === "labels" ? 30 : 30 * 21,
        );
      const moved = call.run(backend.k, others.x, others.beside, { shape });
      expectSameBits(elements(moved.array).slice(30 * 21, 31 * 21), elements(array).slice(0, 21), "row 0 as row 30");
    });
  });
});
