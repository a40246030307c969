import { afterEach, expect, it } from "vitest";
import { loadSync, WorkerLostError, type Xentropy } from "../../src/index.js";
import type { Threads } from "../../src/threads/index.js";
import { kernelsOn, newThreads, startFaulty, untilFault } from "../support/faulty.js";
import { type LinearProblem, linearProblem } from "../support/linear.js";
import { normal } from "../support/samples.js";
import { expectSameBits, type Values } from "../support/ulp.js";

let threads: Threads;
afterEach(() => threads.dispose());

const one = loadSync({ backend: "simd" });
const x = normal(64 * 1000, 1, 0, 30);

/** More classes than a block has, and more positions than are taken at a time. */
const wide = linearProblem(12, 5, 5000);
const long = linearProblem(1100, 61, 100);

function lossOf(k: Xentropy, { features, weights, bias, labels, shape }: LinearProblem): Values[] {
  return [k.linearSoftmaxCrossEntropy(features, weights, labels, { shape, bias, zLoss: 0.01 }).loss];
}

function gradients(
  k: Xentropy,
  { features, weights, bias, labels, shape }: LinearProblem,
  accumulate: boolean,
): Values[] {
  const grad = {
    features: new Float32Array(features.length).fill(1),
    weights: new Float32Array(weights.length).fill(1),
    bias: new Float32Array(bias.length).fill(1),
  };
  const { loss } = k.linearSoftmaxCrossEntropy(features, weights, labels, { shape, bias, grad, accumulate });
  return [loss, ...Object.values(grad)];
}

/** Kernels that change what lies there, or take it in the place of what came from an array; and calls that come to them. */
const CALLS: readonly (readonly [string, (k: Xentropy) => Values[]])[] = [
  ["linearForward", (k) => lossOf(k, wide)],
  ["packGradient", (k) => gradients(k, long, false)],
  ["storeSums", (k) => gradients(k, long, true)],
  ["logSoftmaxApply", (k) => [k.logSoftmax(x.subarray(0, 60_000), { shape: [2, 30_000], temperature: 2 })]],
  ["softmax", (k) => [k.softmax(x, { shape: [64, 1000], temperature: 2 })]],
  [
    "temper",
    (k) => [k.softmaxCrossEntropy(x, new Int32Array(64), { shape: [64, 1000], softcap: 20, temperature: 2 }).loss],
  ],
  [
    "softcapBackward",
    (k) => {
      const z = k.alloc([64, 1000]).set(x);
      const grad = k.alloc([64, 1000]);
      k.softmaxCrossEntropy(z, new Int32Array(64), { softcap: 20, grad });
      const result = grad.toArray();
      for (const batch of [z, grad]) batch.free();
      return [result];
    },
  ],
];

it.each(CALLS)("%s that throws in a worker is never done twice: the call throws", async (kernel, call) => {
  threads = newThreads();
  await startFaulty(threads, `throw&in=${kernel}`);
  const k = kernelsOn(threads);
  const expected = call(one);
  const judge = () => {
    for (const [i, values] of call(k).entries()) expectSameBits(values, expected[i], `result ${i}`);
  };
  expect(untilFault(threads, judge)).toBeInstanceOf(WorkerLostError);
  judge();
});

it("a kernel that throws in a worker where it takes logits made in a tile is done again with those, not with the array", async () => {
  threads = newThreads();
  await startFaulty(threads, "throw&in=logSumExp");
  const k = kernelsOn(threads);
  const options = { shape: [64, 1000], temperature: 2 };
  const expected = one.logSumExp(x, options);
  const fault = untilFault(threads, () => expectSameBits(k.logSumExp(x, options), expected, "log-sum-exp"));
  expect(fault).toBeUndefined();
});
