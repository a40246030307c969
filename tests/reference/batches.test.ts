import { describe, expect, it } from "vitest";
import {
  argmax,
  crossEntropy,
  gradientCheck,
  klDivergence,
  logSumExp,
  nllLoss,
  sigmoid,
  sigmoidCrossEntropy,
  sigmoidFocalLoss,
  softmax,
  softmaxBackward,
  softmaxCrossEntropy,
  softmaxKlDivergence,
  topK,
} from "../../src/reference/index.js";
import { normals, probabilities } from "./samples.js";

const shape = [2, 3, 4];
const x = normals(1, 24);

/** The rows of a [2, 3, 4] batch along axis 1, made contiguous: a [2, 4, 3] batch. */
const moved = (flat: ArrayLike<number>): number[] =>
  Array.from({ length: 24 }, (_, i) => flat[Math.floor(i / 12) * 12 + (i % 3) * 4 + (Math.floor(i / 3) % 4)]);

describe("axes", () => {
  it("an inner axis gives what the last one gives on moved data", () => {
    const last = { shape: [2, 4, 3] };
    for (const axis of [1, -2]) {
      expect(moved(softmax(x, { shape, axis }))).toEqual(Array.from(softmax(moved(x), last)));
      expect(logSumExp(x, { shape, axis })).toEqual(logSumExp(moved(x), last));
      expect(argmax(x, { shape, axis })).toEqual(argmax(moved(x), last));
      expect(moved(softmaxBackward(x, x, { shape, axis }))).toEqual(
        Array.from(softmaxBackward(moved(x), moved(x), last)),
      );
      const labels = [0, 1, 2, 0, 2, 1, 0, 1];
      const got = softmaxCrossEntropy(x, labels, { shape, axis, grad: true, labelSmoothing: 0.1 });
      const want = softmaxCrossEntropy(moved(x), labels, { ...last, grad: true, labelSmoothing: 0.1 });
      expect(got.loss).toBe(want.loss);
      expect(moved(got.grad)).toEqual(Array.from(want.grad));
      const kl = softmaxKlDivergence(x, [...x].reverse(), { shape, axis, grad: true });
      const klMoved = softmaxKlDivergence(moved(x), moved([...x].reverse()), { ...last, grad: true });
      expect(kl.loss).toBe(klMoved.loss);
      expect(moved(kl.grad)).toEqual(Array.from(klMoved.grad));
    }
  });

  it("topK cuts the axis to k in place", () => {
    const { values, indices } = topK([1, 5, 2, 4, 3, 6], 2, { shape: [3, 2], axis: 0 });
    expect(Array.from(values)).toEqual([3, 6, 2, 5]);
    expect(Array.from(indices)).toEqual([2, 2, 1, 0]);
  });

  it("logSumExp reduces a list of axes, in any order; none is the input itself", () => {
    const all = logSumExp(x, { shape, axis: [0, 1, 2] });
    expect(all[0]).toBeCloseTo(logSumExp(x)[0], 14);
    const two = logSumExp(x, { shape, axis: [-1, 0] });
    expect(two).toHaveLength(3);
    const oneByOne = logSumExp(logSumExp(x, { shape, axis: 2 }), { shape: [2, 3], axis: 0 });
    for (let i = 0; i < 3; i++) expect(two[i]).toBeCloseTo(oneByOne[i], 14);
    expect(Array.from(logSumExp(x, { shape, axis: [] }))).toEqual(x);
    expect(logSumExp([7], { shape: [], axis: [] })[0]).toBe(7);
    expect(() => logSumExp(x, { shape, axis: [0, -3] })).toThrow(/twice/);
  });
});

describe("what counts as a batch", () => {
  const labels = [1, 0];
  const z = [1, 2, 3, 4];
  const want = softmaxCrossEntropy(z, labels, { shape: [2, 2] });

  it.each([
    ["a Float32Array", Float32Array.from(z)],
    ["an object with data and shape", { data: Float32Array.from(z), shape: [2, 2] }],
    ["an object with data and dims", { data: z, dims: [2, 2] }],
  ])("%s", (_, logits) => {
    const options = "data" in logits ? {} : { shape: [2, 2] };
    expect(softmaxCrossEntropy(logits, labels, options)).toEqual(want);
  });

  it.each([
    ["Int32Array", Int32Array.from(labels)],
    ["Uint8Array", Uint8Array.from(labels)],
    ["BigInt64Array", BigInt64Array.from(labels.map(BigInt))],
    ["an object", { data: BigInt64Array.from(labels.map(BigInt)), dims: [2] }],
  ])("labels as %s", (_, given) => {
    expect(softmaxCrossEntropy(z, given, { shape: [2, 2] })).toEqual(want);
  });

  it("targets of each element as 64-bit integers", () => {
    const targets = BigInt64Array.of(1n, 0n, 0n, 1n);
    expect(sigmoidCrossEntropy(z, targets)).toEqual(sigmoidCrossEntropy(z, [1, 0, 0, 1]));
    expect(sigmoidCrossEntropy(z, { data: targets, dims: [4] })).toEqual(sigmoidCrossEntropy(z, [1, 0, 0, 1]));
  });

  it("a plain array is labels, unless only the dense length fits", () => {
    expect(softmaxCrossEntropy(z, [0, 1, 1, 0], { shape: [2, 2] })).toEqual(want);
    expect(softmaxCrossEntropy([1, 2], [0, 0], { shape: [2, 1] }).loss).toBe(0);
  });

  it("shape [] is one number: fine elementwise, an axis error elsewhere", () => {
    expect(sigmoid([0], { shape: [] })[0]).toBe(0.5);
    expect(sigmoidCrossEntropy({ data: [0], shape: [] }, [1]).loss).toBeCloseTo(Math.LN2, 15);
    expect(() => softmax([0], { shape: [] })).toThrow(/axis -1 is outside shape \[\]/);
  });

  it("inputs are never written to", () => {
    const logits = Float64Array.from(z);
    const p = Float64Array.of(-1, 1, 0.5, 0.5);
    softmaxCrossEntropy(logits, labels, { shape: [2, 2], grad: true, temperature: 3, softcap: 2 });
    klDivergence(p, p, { shape: [2, 2], grad: true });
    softmax(logits, { temperature: 2 });
    logSumExp(logits, { axis: [] })[0] = 99;
    expect(Array.from(logits)).toEqual(z);
    expect(Array.from(p)).toEqual([-1, 1, 0.5, 0.5]);
  });
});

describe("arguments that make no sense are refused with a message that says why", () => {
  const z = [1, 2, 3, 4];
  const shaped = { shape: [2, 2] };
  it.each([
    [() => softmax(z, { shape: [3, 2] }), /shape \[3,2\] holds 6 elements, the batch has 4/],
    [() => softmax(z, { shape: [-1, -4] }), /expected integers of at least 0/],
    [() => softmax(z, { ...shaped, axis: 2 }), /axis 2 is outside shape \[2,2\]/],
    [() => softmax(z, { axis: 0.5 }), /axis 0.5/],
    [() => softmax(z, { temperature: 0 }), /temperature is 0/],
    [() => softmaxCrossEntropy(z, [0, 1], { ...shaped, softcap: -1 }), /softcap is -1/],
    [() => softmaxCrossEntropy(z, [0, 1], { ...shaped, temperature: Infinity }), /temperature is Infinity/],
    [() => softmaxCrossEntropy(z, [0, 2], shaped), /label 2 of position 1 is no integer in \[0, 2\)/],
    [() => softmaxCrossEntropy(z, [0, 0.5], shaped), /label 0.5 of position 1/],
    [() => softmaxCrossEntropy(z, [0], shaped), /1 labels, expected 2/],
    [
      () => softmaxCrossEntropy(z, { data: [0, 1], shape: [1, 2] }, shaped),
      /labels have shape \[1,2\], expected \[2\]/,
    ],
    [() => softmaxCrossEntropy(z, new Float32Array(2), shaped), /targets has 2 elements, expected 4/],
    [() => softmaxCrossEntropy(z, new Float32Array(4), { ...shaped, ignoreIndex: 0 }), /ignoreIndex 0/],
    [() => softmaxCrossEntropy(z, new Float32Array(4), { ...shaped, correct: true }), /integer labels/],
    [() => softmaxCrossEntropy(z, [0, 1], { ...shaped, labelSmoothing: 1.5 }), /labelSmoothing is 1.5/],
    [() => softmaxCrossEntropy(z, [0, 1], { ...shaped, classWeights: [1, 2, 3] }), /classWeights has 3 elements/],
    [() => softmaxCrossEntropy(z, [0, 1], { ...shaped, classWeights: [1, -2] }), /classWeights\[1\] is -2/],
    [
      () => softmaxCrossEntropy(z, [0, 1], { ...shaped, sampleWeights: [Infinity, 1] }),
      /sampleWeights\[0\] is Infinity/,
    ],
    [() => softmaxCrossEntropy(z, [0, 1], { ...shaped, zLoss: -1 }), /zLoss is -1/],
    [() => softmaxCrossEntropy(z, [0, 1], { ...shaped, gradOutput: [1, 2] }), /must be a number/],
    [
      () => softmaxCrossEntropy(z, [0, 1], { ...shaped, reduction: "none", gradOutput: [1] }),
      /gradOutput has 1 elements, expected 2/,
    ],
    [() => nllLoss(z, [0, 3], shaped), /label 3/],
    [() => sigmoidCrossEntropy(z, [1], {}), /targets has 1 elements, expected 4/],
    [() => sigmoidCrossEntropy(z, z, { posWeight: -1 }), /posWeight\[0\] is -1/],
    [() => sigmoidFocalLoss(z, z, { alpha: 2 }), /alpha is 2/],
    [() => sigmoidFocalLoss(z, z, { gamma: -1 }), /gamma is -1/],
    [() => sigmoidFocalLoss(z, z, { gamma: null as never }), /gamma is null/],
    [() => sigmoidFocalLoss(z, z, { gamma: "3" as never }), /gamma is "3", expected a number/],
    [() => softmax(z, { temperature: 1n as never }), /temperature is 1, expected a number/],
    [() => softmax(z, { temperature: "2" as never }), /temperature is "2", expected a number/],
    [() => softmax([[1, 2]] as never), /a batch has 1,2, expected numbers/],
    [() => softmax(["1", "x"] as never), /a batch has "1"/],
    [() => softmax({ a: 1 } as never), /a typed array or an array of numbers/],
    [() => softmax({ data: undefined } as never), /a typed array or an array of numbers/],
    [() => softmax(new DataView(new ArrayBuffer(8)) as never), /a typed array or an array of numbers/],
    [() => softmaxCrossEntropy(z, undefined as never, shaped), /not undefined/],
    [() => softmaxCrossEntropy(z, [null, "1"] as never, shaped), /a batch has null/],
    [() => nllLoss(z, ["0", true] as never, shaped), /a batch has "0"/],
    [() => softmaxCrossEntropy(z, [0, 1], { ...shaped, correct: 1 as never }), /correct is 1, expected true or false/],
    [() => crossEntropy(z, [1]), /q has 1 elements/],
    [() => crossEntropy(z, z, { unit: "dits" as "bits" }), /unit is "dits"/],
    [() => crossEntropy(z, z, { reduction: "max" as "sum" }), /reduction is "max"/],
    [() => softmaxKlDivergence(z, { data: z, shape: [4] }, shaped), /teacher has shape \[4\], expected \[2,2\]/],
    [() => topK(z, 5), /k is 5, expected an integer in \[0, 4\]/],
    [() => gradientCheck(() => ({ loss: 1 }), z), /no gradient/],
    [() => gradientCheck(() => ({ loss: 1, grad: [1] }), z), /gradient has 1 elements, expected 4/],
  ])("%s", (call, message) => {
    expect(call).toThrow(message);
  });

  it("probabilities need not be normalised", () => {
    expect(() => crossEntropy(z, probabilities(1, 4))).not.toThrow();
  });
});
