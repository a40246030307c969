import { describe, expect, it } from "vitest";
import { DtypeError, ForeignError, FreedError, loadSync, ShapeError } from "../../src/index.js";
import { describeEachBackend } from "../support/backends.js";
import { normal } from "../support/samples.js";
import { expectSameBits } from "../support/ulp.js";
import { run } from "./support/operation.js";
import { operationOf } from "./support/operations.js";

const LOSSES = ["sigmoidCrossEntropy", "sigmoidFocalLoss", "binaryCrossEntropy"].map(
  (name) => [name, operationOf(name)] as const,
);
const ARRAYS = [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array];
/** What else labels may be, made of 0s and 1s. */
const OTHERS: readonly (readonly [string, (t: Float32Array) => unknown])[] = [
  ...ARRAYS.map((array) => [array.name, (t: Float32Array) => array.from(t)] as const),
  ...[BigInt64Array, BigUint64Array].map(
    (array) => [array.name, (t: Float32Array) => array.from(Array.from(t, BigInt))] as const,
  ),
  ["list of numbers", (t) => [...t]],
];

describeEachBackend("targets of each element may be integers 0 and 1", (backend) => {
  describe.each(LOSSES)("of %s", (_, operation) => {
    it.each(OTHERS)("in a %s, with the bits of floats", (_, integers) => {
      for (const length of [0, 1, 7, 47, 49, 2050, backend.affords(70_000) ? 70_000 : 2100]) {
        const x = normal(length, length + 1).map((value) =>
          operation.method === "binaryCrossEntropy" ? Math.abs(value) % 1 : value,
        );
        const t = Float32Array.from({ length }, (_, i) => (i % 3 === 0 ? 1 : 0));
        const options = { shape: [length], reduction: "none", grad: true };
        const expected = run(backend.k, operation, [x, t], options);
        const targets = integers(t);
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

    it("in a resident int32 batch, with the bits of floats", () => {
      const { k } = backend;
      for (const length of [1, 47, 2050]) {
        const x = normal(length, length + 2).map((value) => Math.abs(value) % 1);
        const t = Float32Array.from({ length }, (_, i) => (i % 3 === 0 ? 1 : 0));
        const options = { shape: [length], reduction: "none", grad: true };
        const expected = run(k, operation, [x, t], options);
        const targets = k.alloc([length], { dtype: "int32" }).set(t);
        const z = k.alloc([length]).set(x);
        for (const logits of [x, z]) {
          const got = run(k, operation, [logits, targets], { ...options, grad: logits === z ? z : true });
          expectSameBits(got.loss, expected.loss, `loss, length ${length}`);
          expectSameBits(got.grad, expected.grad, `gradient, length ${length}`);
        }
        const shorter = targets.rows(0, length - 1);
        expect(() => run(k, operation, [x, shorter], options)).toThrow(ShapeError);
        const elsewhere = loadSync().alloc([length], { dtype: "int32" });
        expect(() => run(k, operation, [x, elsewhere], options)).toThrow(ForeignError);
        targets.free();
        expect(() => run(k, operation, [x, targets], options)).toThrow(FreedError);
        z.free();
      }
    });

    it("or numbers in a list, which are rounded to float32", () => {
      const x = Float32Array.of(0.25, 0.5, 0.75);
      const options = { reduction: "none", grad: true };
      const got = run(backend.k, operation, [x, [0.1, 1, 0.7]], options);
      const expected = run(backend.k, operation, [x, Float32Array.of(0.1, 1, 0.7)], options);
      expectSameBits(got.loss, expected.loss, "loss");
      expectSameBits(got.grad, expected.grad, "gradient");
    });

    it.each([
      ["text", ["1", 0, 0]],
      ["nothing", [0, undefined, 1]],
      ["a flag", [true, 0, 1]],
    ])("but not %s in it", (_, list) => {
      const call = () => run(backend.k, operation, [Float32Array.of(0.25, 0.5, 0.75), list], {});
      expect(call).toThrow(DtypeError);
      expect(call).toThrow(/targets\[[01]\] is a number, not/);
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
