import { expect, it } from "vitest";
import { OverlapError } from "../../src/index.js";
import { describeEachBackend } from "../support/backends.js";
import { expectRefused } from "../support/refusals.js";
import { run } from "./support/operation.js";
import { operationOf } from "./support/operations.js";

const CROSS_ENTROPY = operationOf("softmaxCrossEntropy with labels");
const NLL = operationOf("nllLoss");
const SIGMOID = operationOf("sigmoidCrossEntropy");

/** Inputs of a batch of 2 × 3 that may not be where the gradient goes, and how many numbers they are. */
const INPUTS = [
  [CROSS_ENTROPY.name, CROSS_ENTROPY, { classWeights: 3, sampleWeights: 2, gradOutput: 2 }],
  [NLL.name, NLL, { classWeights: 3, sampleWeights: 2, gradOutput: 2 }],
  [SIGMOID.name, SIGMOID, { posWeight: 3, elementWeights: 3, gradOutput: 6 }],
] as const;

describeEachBackend("a gradient that would be written over an input is refused", (backend) => {
  it.each(INPUTS)("that is a weight or an upstream gradient, in an array or resident: %s", (_, operation, inputs) => {
    const operands = operation.operands({ shape: [2, 3], axis: -1 }, 91);
    const options = { shape: [2, 3], reduction: "none" };
    for (const [option, length] of Object.entries(inputs)) {
      expectRefused(backend.k, OverlapError, "OVERLAP", (k, watch) => {
        const room = watch(new Float32Array(8).fill(0.5));
        const given = { [option]: room.subarray(1, 1 + length), grad: room.subarray(0, 6) };
        return run(k, operation, operands, { ...options, ...given });
      });
      const z = backend.k.alloc([8]);
      z.data.fill(0.5);
      expectRefused(backend.k, OverlapError, "OVERLAP", (k) => {
        const given = length === 6 ? z.data.subarray(1, 7) : z.rows(1, 1 + length);
        return run(k, operation, operands, { ...options, [option]: given, grad: z.data.subarray(0, 6) });
      });
      z.free();
    }
  });

  it.each([CROSS_ENTROPY, NLL].map((operation) => [operation.name, operation] as const))(
    "that is where the labels are: %s",
    (_, operation) => {
      expectRefused(backend.k, OverlapError, "OVERLAP", (k) => {
        const buffer = new ArrayBuffer(24);
        const labels = new Int32Array(buffer, 0, 2);
        labels.set([2, 1]);
        const x = new Float32Array(6).fill(-1);
        return run(k, operation, [x, labels], { shape: [2, 3], grad: new Float32Array(buffer) });
      });
    },
  );

  // Whether arrays share a buffer is not looked at where their first four bytes tell them apart.
  it.each([
    ["ignored labels", Int32Array.of(-100, 1), -100],
    ["ignored labels that have the bits of a number", Int32Array.of(0x3f800000, 1), 0x3f800000],
    ["labels of a byte", Uint8Array.of(2, 1), -100],
    ["labels of two bytes", Int16Array.of(2, 1), -100],
    ["labels of eight bytes", BigInt64Array.of(2n, 1n), -100],
  ] as const)("that begins where the labels do: %s", (_, given, ignoreIndex) => {
    for (const operation of [CROSS_ENTROPY, NLL]) {
      expectRefused(backend.k, OverlapError, "OVERLAP", (k) => {
        const labels = given.slice();
        const grad = new Float32Array(new ArrayBuffer(24));
        new Uint8Array(grad.buffer).set(new Uint8Array(labels.buffer));
        const inside = new (labels.constructor as Int32ArrayConstructor)(grad.buffer, 0, 2);
        const x = new Float32Array(6).fill(-1);
        return run(k, operation, [x, inside], { shape: [2, 3], ignoreIndex, grad });
      });
    }
  });

  it.each([[0.5], [0], [-0], [Number.NaN], [2 ** -149]])("that begins where targets do, with %d", (first) => {
    for (const operation of [operationOf("softmaxCrossEntropy with dense targets"), SIGMOID]) {
      expectRefused(backend.k, OverlapError, "OVERLAP", (k, watch) => {
        const targets = watch(Float32Array.of(first, 1, 0, 0, 1, 0));
        const grad = new Float32Array(targets.buffer);
        const x = new Float32Array(6).fill(-1);
        return run(k, operation, [x, targets], { shape: [2, 3], labelSmoothing: 0.5, grad });
      });
    }
  });

  it("and taken that begins where integer targets of a byte end", () => {
    const buffer = new ArrayBuffer(20);
    const targets = new Uint8Array(buffer, 0, 4);
    targets.set([1, 0, 1, 0]);
    const grad = new Float32Array(buffer, 4);
    backend.k.sigmoidCrossEntropy(new Float32Array(4), targets, { grad, reduction: "sum" });
    expect([...grad, ...targets]).toEqual([-0.5, 0.5, -0.5, 0.5, 1, 0, 1, 0]);
  });

  it("that is over bytes of integer targets in a resident batch", () => {
    const z = backend.k.alloc([4]);
    const targets = new Uint8Array(z.data.buffer, z.data.byteOffset + 1, 4);
    expectRefused(backend.k, OverlapError, "OVERLAP", (k) => {
      return k.sigmoidCrossEntropy(Float32Array.of(1, 2, 3, 4), targets, { grad: z });
    });
    expectRefused(backend.k, OverlapError, "OVERLAP", (k) => {
      const options = { shape: [4, 1], grad: { features: z } };
      return k.linearSigmoidCrossEntropy(Float32Array.of(1, 2, 3, 4), Float32Array.of(1), targets, options);
    });
    z.free();
  });
});
