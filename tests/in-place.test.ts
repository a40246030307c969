import { describe, expect, it } from "vitest";
import { describeEachBackend } from "./support/backends.js";
import { operandsFor, residentBeside, takesEmptyRows, WRITING_CALLS } from "./support/calls.js";
import { expectSameBits } from "./support/ulp.js";

const SHAPES = [
  [0, 3],
  [3, 0],
  [1, 1],
  [3, 5],
  [7, 67],
  [2, 2049],
  [4100, 3],
  [1, 66_000],
] as const;

describeEachBackend("an output that is an input", (backend) => {
  describe.each(WRITING_CALLS)("%s", (_, call) => {
    const cases = SHAPES.filter(
      ([rows, length]) => backend.affords(rows * length) && (length > 0 || takesEmptyRows(call)),
    );

    it.each(cases)("gives the bits of a fresh one: an array, shape [%i, %i]", (rows, length) => {
      const { x, beside, shape } = operandsFor(call, rows, length);
      const fresh = call.run(backend.k, x, beside, { shape });
      for (const operand of call.replaces ?? []) {
        const copies = { x: x.slice(), beside: beside?.slice() as Float32Array };
        const to = copies[operand];
        const { array, loss } = call.run(backend.k, copies.x, copies.beside, { shape, to });
        expect(array).toBe(to);
        expectSameBits(to, fresh.array, `array in place of ${operand}`);
        expectSameBits(loss, fresh.loss, "loss");
      }
    });

    it.each(cases)("gives the bits of a fresh one: a resident batch, shape [%i, %i]", (rows, length) => {
      const { k } = backend;
      const { x, beside, shape } = operandsFor(call, rows, length);
      const fresh = call.run(k, x, beside, { shape });
      const z = k.alloc(shape);
      const there = residentBeside(k, beside, shape);
      for (const operand of call.replaces ?? []) {
        const batch = operand === "x" ? z : (there as typeof z);
        for (const to of [batch, batch.data]) {
          z.set(x);
          if (beside) there?.set(beside);
          const { array, loss } = call.run(k, z, there, { to });
          expect(array).toBe(to);
          expectSameBits(batch, fresh.array, `array in place of ${operand}`);
          expectSameBits(loss, fresh.loss, "loss");
        }
      }
      z.free();
      there?.free();
    });
  });
});
