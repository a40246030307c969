import { expect, it } from "vitest";
import { loadSync } from "../src/index.js";

/** What a message must say, so that whoever reads it knows what to do. */
const X = new Float32Array(6);
const MISTAKES: readonly (readonly [string, (k: ReturnType<typeof loadSync>) => unknown, RegExp])[] = [
  [
    "an output of float64",
    (k) => k.softmax(X, { out: new Float64Array(6) as never }),
    /out is a Float32Array or a resident batch to write to, not Float64Array/,
  ],
  ["a long text as logits", (k) => k.softmax("long".repeat(1e5) as never), /, not "long.{56}…"\.$/],
  [
    "a gradient as a list",
    (k) => k.softmaxCrossEntropy(X, [0, 1], { shape: [2, 3], grad: [0, 0, 0, 0, 0, 0] as never }),
    /grad is a Float32Array or a resident batch to write to, not an array/,
  ],
  ["a shape in the place of options", (k) => k.softmax(X, [2, 3] as never), /options is an object such as \{ shape/],
  ["an output in the place of options", (k) => k.softmax(X, new Float32Array(6) as never), /not Float32Array/],
  [
    "gradients of a linear layer as a list",
    (k) => k.linearSoftmaxCrossEntropy(X, X, [0, 1], { shape: [2, 3], grad: [] as never }),
    /^grad is true, or any of features, weights and bias, not an array\.$/,
  ],
  [
    "weights of a linear layer on their side",
    (k) => k.linearSoftmaxCrossEntropy(X, { data: X, shape: [3, 2] }, [0, 1], { shape: [2, 3] }),
    /^weights has the shape \[3,2\]; \[classes, 3\] is wanted\.$/,
  ],
  [
    "a single class weight",
    (k) => k.softmaxCrossEntropy(X, [0, 1], { shape: [2, 3], classWeights: 3 as never }),
    /^classWeights is a list of numbers, or floats, not 3\.$/,
  ],
  [
    "dense targets as a list",
    (k) => k.softmaxCrossEntropy(X, [1, 0, 0, 0, 1, 0], { shape: [2, 3] }),
    /^labels has length 6, not 2: one per position\. Dense targets are a Float32Array/,
  ],
  [
    "64-bit integers as logits",
    (k) => k.softmax(new BigInt64Array(6) as never),
    /convert with Float32Array\.from\(x, Number\)\.$/,
  ],
  [
    "a tensor of float64",
    (k) => k.entropy({ data: new Float64Array(6), dims: [6] } as never),
    /p is float32: .* not Float64Array; convert with Float32Array\.from\(p\.data\)\.$/,
  ],
  [
    "a tensor of float16",
    (k) => k.softmax({ data: new Uint16Array(6), dims: [6], type: "float16" } as never),
    /convert with Float32Array\.from\(x\.data\), float16 by a Float16Array/,
  ],
  [
    "labels as floats",
    (k) => k.softmaxCrossEntropy(X, Float32Array.of(0, 1), { shape: [2, 3] }),
    /^targets has one float per position: labels are integers\.$/,
  ],
  [
    "labels as floats with a shape",
    (k) => k.softmaxCrossEntropy(X, { data: Float32Array.of(0, 1), dims: [2] }, { shape: [2, 3] }),
    /^targets has one float per position: labels are integers/,
  ],
  [
    "labels as float64",
    (k) => k.softmaxCrossEntropy(X, Float64Array.of(0, 1) as never, { shape: [2, 3] }),
    /^targets has one float per position: labels are integers/,
  ],
  [
    "dense targets of another length",
    (k) => k.softmaxCrossEntropy(X, new Float32Array(5), { shape: [2, 3] }),
    /^targets has length 5, not 6\.$/,
  ],
  [
    "dense targets of float64 in a tensor",
    (k) => k.softmaxCrossEntropy(X, { data: new Float64Array(6), dims: [2, 3] } as never, { shape: [2, 3] }),
    /^targets is float32: .* not Float64Array; convert with Float32Array\.from\(targets\.data\)\.$/,
  ],
  [
    "targets of each element as text",
    (k) => k.sigmoidCrossEntropy(X, "010101" as never),
    /^What stands for targets is an integer array, .* or an array of integers, or floats, not "010101"\.$/,
  ],
  ["no options of load", () => loadSync(null as never), /an object such as \{ backend: … \}, not null/],
  ["no name of a backend", () => loadSync({ backend: [undefined] as never }), /"js", not "undefined"/],
  [
    "one label too many for one position",
    (k) => k.softmaxCrossEntropy(X, [0, 1]),
    /^labels has length 2, not 1: one per/,
  ],
  [
    "an axis that isn't there",
    (k) => k.softmax(X, { shape: [2, 3], axis: 2 }),
    /^2 is no axis of the shape \[2,3\]; axes are -2 to 1\.$/,
  ],
  [
    "an axis where there are none",
    (k) => k.logSumExp({ data: X.subarray(1, 2), shape: [] }),
    /^-1 is no axis of the shape \[\]\.$/,
  ],
  [
    "logits as a list of lists",
    (k) => k.softmax([[1, 2]] as never),
    /not an array; convert with Float32Array\.from\(x\.flat\(Infinity\)\)\.$/,
  ],
  [
    "more memory than there is left",
    (k) => [k.alloc([2 ** 20]), k.alloc([2 ** 30 - 2 ** 19])],
    /in use; free batches\.$/,
  ],
  ["more memory than can be had", (k) => k.alloc([2 ** 31]), /are in use\.$/],
  [
    "sizes that overflow",
    (k) => k.alloc([...Array(20).fill(2 ** 53 - 1), 0]),
    /of the new batch has sizes that overflow\.$/,
  ],
  [
    "a shape of more than there is",
    (k) => k.softmax(X, { shape: [2, 4] }),
    /^x has length 6; the shape \[2,4\] means 8\.$/,
  ],
  ["float64 logits", (k) => k.softmax(new Float64Array(6) as never), /convert with Float32Array\.from/],
];

it.each(MISTAKES)("%s is called by its name, and the message says what is wanted", (_, call, text) => {
  expect(() => call(loadSync())).toThrow(text);
});
