import { describe, it } from "vitest";
import { describeEachBackend } from "../support/backends.js";
import { normal } from "../support/samples.js";
import { expectSameBits } from "../support/ulp.js";
import { run } from "./support/operation.js";
import { operationOf } from "./support/operations.js";

const LOSSES = ["sigmoidCrossEntropy", "sigmoidFocalLoss", "binaryCrossEntropy"].map(
  (name) => [name, operationOf(name)] as const,
);
const ARRAYS = [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array];

describeEachBackend("targets of each element may be integers 0 and 1", (backend) => {
  describe.each(LOSSES)("of %s", (_, operation) => {
    it.each(ARRAYS.map((array) => [array.name, array] as const))("in a %s, with the bits of floats", (_, array) => {
      for (const length of [0, 1, 7, 47, 49, 2050, backend.affords(70_000) ? 70_000 : 2100]) {
        const x = normal(length, length + 1).map((value) =>
          operation.method === "binaryCrossEntropy" ? Math.abs(value) % 1 : value,
        );
        const t = Float32Array.from({ length }, (_, i) => (i % 3 === 0 ? 1 : 0));
        const options = { shape: [length], reduction: "none", grad: true };
        const expected = run(backend.k, operation, [x, t], options);
        const targets = array.from(t);
        for (const given of [targets, { data: targets, shape: [length] }, { data: targets, dims: [length] }]) {
          const got = run(backend.k, operation, [x, given], options);
          expectSameBits(got.loss, expected.loss, `loss, length ${length}`);
          expectSameBits(got.grad, expected.grad, `gradient, length ${length}`);
        }
        const z = backend.k.alloc([length]).set(x);
        const resident = run(backend.k, operation, [z, targets], { ...options, grad: z });
        expectSameBits(resident.loss, expected.loss, `loss, resident logits, length ${length}`);
        expectSameBits(resident.grad, expected.grad, `gradient, resident logits, length ${length}`);
        z.free();
      }
    });

    it("beside an output in the same buffer that they don't overlap", () => {
      const buffer = new ArrayBuffer(60);
      const targets = new Uint8Array(buffer, 0, 12).map((_, i) => i % 2);
      new Uint8Array(buffer).set(targets);
      const inside = new Uint8Array(buffer, 0, 12);
      const grad = new Float32Array(buffer, 12, 12);
      const x = normal(12, 3).map((value) => Math.abs(value) % 1);
      const options = { shape: [12], reduction: "none" };
      const expected = run(backend.k, operation, [x, targets], { ...options, grad: true });
      const got = run(backend.k, operation, [x, inside], { ...options, grad });
      expectSameBits(got.grad, expected.grad, "gradient");
      expectSameBits(inside, targets, "targets");
    });
  });
});
