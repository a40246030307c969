import { describe, expect, it } from "vitest";
import { describeEachBackend } from "./support/backends.js";
import { NAMED_CALLS, operandsFor, residentBeside } from "./support/calls.js";
import { expectSameBits } from "./support/ulp.js";

const SHAPES = [
  [0, 3],
  [3, 0],
  [1, 1],
  [3, 5],
  [7, 67],
  [2, 2049],
  [5000, 7],
  [2, 70_000],
] as const;

describeEachBackend("an output that is the input", (backend) => {
  describe.each(NAMED_CALLS)("%s", (_, call) => {
    it.each(SHAPES)("gives the bits of a fresh one: an array, shape [%i, %i]", (rows, length) => {
      if (call.beside === "labels" && length === 0) return;
      const { x, beside, shape } = operandsFor(call, rows, length);
      const fresh = call.run(backend.k, x, beside, { shape });
      const { array, loss } = call.run(backend.k, x, beside, { shape, to: x });
      expect(array).toBe(x);
      expectSameBits(x, fresh.array, "array");
      expectSameBits(loss, fresh.loss, "loss");
    });

    it.each(SHAPES)("gives the bits of a fresh one: a resident batch, shape [%i, %i]", (rows, length) => {
      if (call.beside === "labels" && length === 0) return;
      const { k } = backend;
      const { x, beside, shape } = operandsFor(call, rows, length);
      const fresh = call.run(k, x, beside, { shape });
      const z = k.alloc(shape).set(x);
      const { array, loss } = call.run(k, z, residentBeside(k, beside, shape), { to: z });
      expect(array).toBe(z);
      expectSameBits(z.data, fresh.array, "array");
      expectSameBits(loss, fresh.loss, "loss");

      z.set(x);
      const { data } = z;
      expect(call.run(k, z, beside, { to: data }).array).toBe(data);
      expectSameBits(z.data, fresh.array, "a resident batch's data");
      z.free();
    });
  });
});
