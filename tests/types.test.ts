import { expectTypeOf, it } from "vitest";
import type { FloatOutput, ResidentBatch, SoftmaxOptions } from "../src/index.js";
import { BACKENDS } from "./support/backends.js";

// `npm run check` compiles these: a type that is another than stated is an error there.

const [{ k }] = BACKENDS;
const x = Float32Array.of(1, 2, 3);
const shape = [3];

function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i];
  return total;
}

it("an array result is a Float32Array, also where something wider is wanted", () => {
  expectTypeOf(k.softmax(x)).toEqualTypeOf<Float32Array>();
  expectTypeOf(k.softmax(x, { shape })).toEqualTypeOf<Float32Array>();
  expectTypeOf(k.softmax(x, { out: undefined })).toEqualTypeOf<Float32Array>();
  const wide: ArrayLike<number> = k.sigmoid(x, { shape });
  const either: FloatOutput = k.logSumExp(x);
  sum(k.softmax(x));
  sum(k.softmaxBackward(x, x, { shape }));
  sum(wide);
  expectTypeOf(either).toExtend<FloatOutput>();
});

it("a result that was told where to go is what it was given", () => {
  const z = k.alloc(shape);
  expectTypeOf(k.softmax(x, { out: z })).toEqualTypeOf<ResidentBatch>();
  expectTypeOf(k.softmax(x, { out: x })).toEqualTypeOf<Float32Array<ArrayBuffer>>();
  expectTypeOf(k.softmaxCrossEntropy(x, [1], { grad: z }).grad).toEqualTypeOf<ResidentBatch>();
  const options: SoftmaxOptions = { out: z };
  const some: FloatOutput = k.softmax(x, options);
  // @ts-expect-error it may be a resident batch
  const array: Float32Array = k.softmax(x, options);
  expectTypeOf([some, array]).toBeArray();
  z.free();
});

it("a loss is a number, or an array with reduction none", () => {
  expectTypeOf(k.softmaxCrossEntropy(x, [1]).loss).toEqualTypeOf<number>();
  expectTypeOf(k.softmaxCrossEntropy(x, [1], { reduction: "none" }).loss).toEqualTypeOf<Float32Array>();
  expectTypeOf(k.entropy(x)).toEqualTypeOf<Float32Array>();
  expectTypeOf(k.entropy(x, { reduction: "mean" })).toEqualTypeOf<number>();
});

it("targets of elements may be integer arrays, as what runs takes them", () => {
  k.sigmoidCrossEntropy(x, Uint8Array.of(0, 1, 1));
  k.sigmoidFocalLoss(x, { data: Int32Array.of(0, 1, 1), dims: [3] });
  k.binaryCrossEntropy(Float32Array.of(0.5), Int8Array.of(1));
});

it("weights are lists of numbers or floats, and nothing that is refused when it runs", () => {
  const given = { shape: [1, 3] };
  k.softmaxCrossEntropy(x, [1], { ...given, classWeights: [1, 2, 3] });
  k.softmaxCrossEntropy(x, [1], { ...given, classWeights: { data: x, shape: [3] } });
  // @ts-expect-error float64 is refused
  const float64 = () => k.softmaxCrossEntropy(x, [1], { ...given, classWeights: Float64Array.of(1, 2, 3) });
  // @ts-expect-error there is no such option
  const misspelt = () => k.softmax(x, { shpae: [3] });
  // @ts-expect-error an array of doubles is no batch
  const doubles = () => k.softmax([1, 2, 3]);
  expectTypeOf([float64, misspelt, doubles]).toBeArray();
});
