import { expect, expectTypeOf, it } from "vitest";
import type {
  BinaryCrossEntropyOptions,
  DivergenceOptions,
  Dtype,
  FloatOutput,
  LinearLoss,
  Loss,
  LossOptions,
  Only,
  Reduction,
  ResidentBatch,
  SoftmaxCrossEntropyLoss,
  SoftmaxCrossEntropyOptions,
  SoftmaxOptions,
} from "../src/index.js";
import * as reference from "../src/reference/index.js";
import { BACKENDS } from "./support/backends.js";

// `npm run check` compiles these: a type that is another than stated is an error there.

const [{ k }] = BACKENDS;
const x = Float32Array.of(1, 2, 3);
const shape = [3];

/** What a call makes lies in a buffer of its own, not in shared memory. */
type Floats = Float32Array<ArrayBuffer>;
type Indices = Int32Array<ArrayBuffer>;

function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i];
  return total;
}

it("an array result is a fresh Float32Array, also where something wider is wanted", () => {
  expectTypeOf(k.softmax(x)).toEqualTypeOf<Floats>();
  expectTypeOf(k.softmax(x, { shape })).toEqualTypeOf<Floats>();
  expectTypeOf(k.softmax(x, { out: undefined })).toEqualTypeOf<Floats>();
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
  expectTypeOf(k.entropy(x, { out: new Float32Array(1) })).toEqualTypeOf<Float32Array<ArrayBuffer>>();
  const one = k.alloc([1]);
  expectTypeOf(k.klDivergence(x, x, { out: one, grad: true })).toEqualTypeOf<{
    loss: ResidentBatch;
    grad: Floats;
  }>();
  one.free();
  expectTypeOf(k.argmax(x)).toEqualTypeOf<Indices>();
  expectTypeOf(k.argmax(x, { axis: 0, out: undefined })).toEqualTypeOf<Indices>();
  const index = k.alloc([1], { dtype: "int32" });
  expectTypeOf(k.argmax(x, { out: index })).toEqualTypeOf<ResidentBatch<Int32Array>>();
  index.free();
  // @ts-expect-error the shape is an option
  expect(() => k.softmax(x, [3, 1])).toThrow();
  // @ts-expect-error and so is the output
  expect(() => k.softmax(x, new Float32Array(3))).toThrow();
  // @ts-expect-error indices are no floats
  expect(() => k.argmax(x, { out: new Float32Array(1) })).toThrow();
  const options: SoftmaxOptions = { out: z };
  const some: FloatOutput = k.softmax(x, options);
  // @ts-expect-error it may be a resident batch
  const array: Float32Array = k.softmax(x, options);
  expectTypeOf([some, array]).toBeArray();
  z.free();
});

it("a loss is a number, or an array with reduction none", () => {
  expectTypeOf(k.softmaxCrossEntropy(x, [1]).loss).toEqualTypeOf<number>();
  expectTypeOf(k.softmaxCrossEntropy(x, [1], { reduction: "none" }).loss).toEqualTypeOf<Floats>();
  expectTypeOf(k.entropy(x)).toEqualTypeOf<Floats>();
  expectTypeOf(k.entropy(x, { reduction: "mean" })).toEqualTypeOf<number>();
});

const flag = (): boolean => true;

it("what asks for a gradient perhaps has one perhaps", () => {
  const loss = k.softmaxCrossEntropy(x, [1], { grad: flag(), correct: flag() });
  expectTypeOf(loss.grad).toEqualTypeOf<Floats | undefined>();
  expectTypeOf(loss.correct).toEqualTypeOf<number | undefined>();
  const place: { grad?: ResidentBatch } = {};
  expectTypeOf(k.nllLoss(x, [1], place).grad).toEqualTypeOf<ResidentBatch | undefined>();
  const options: LossOptions = {};
  expectTypeOf(k.sigmoidCrossEntropy(x, x, options).grad).toEqualTypeOf<FloatOutput | Floats | undefined>();
  expectTypeOf(k.sigmoidCrossEntropy(x, x, options).loss).toEqualTypeOf<number | Floats>();
  expectTypeOf<Loss>().toEqualTypeOf<{ loss: number } & { grad?: undefined }>();
});

it("a divergence that has a gradient perhaps is values or { loss, grad }", () => {
  const options: DivergenceOptions = {};
  const given = k.crossEntropy(x, x, options);
  // @ts-expect-error without a gradient there is no loss: these are the values
  expectTypeOf(() => given.loss).toBeFunction();
  if (typeof given === "object" && "grad" in given) expectTypeOf(given.grad).toEqualTypeOf<FloatOutput | Floats>();
  else expectTypeOf(given).toEqualTypeOf<number | FloatOutput | Floats>();

  const either = k.klDivergence(x, x, { grad: flag() });
  // @ts-expect-error the same
  expectTypeOf(() => either.loss).toBeFunction();
  expectTypeOf(either).toEqualTypeOf<Floats | { loss: Floats; grad: Floats }>();
  const elements: BinaryCrossEntropyOptions = {};
  // @ts-expect-error the same
  expectTypeOf(() => k.binaryCrossEntropy(Float32Array.of(0.5), x, elements).loss).toBeFunction();
  expectTypeOf(k.jensenShannon(x, x, { grad: true, reduction: "sum" })).toEqualTypeOf<{
    loss: number;
    grad: Floats;
  }>();
  expectTypeOf(k.jensenShannon(x, x, { grad: false })).toEqualTypeOf<Floats>();
});

it("a reduction that isn't known gives a number or an array", () => {
  const reduction = ((): Reduction => "sum")();
  expectTypeOf(k.softmaxCrossEntropy(x, [1], { reduction }).loss).toEqualTypeOf<number | Floats>();
  expectTypeOf(k.entropy(x, { reduction })).toEqualTypeOf<number | Floats>();
  const perhaps: { reduction?: "none" } = {};
  expectTypeOf(k.softmaxCrossEntropy(x, [1], perhaps).loss).toEqualTypeOf<number | Floats>();
  const mean: { reduction?: "mean" } = {};
  expectTypeOf(k.entropy(x, mean)).toEqualTypeOf<number | Floats>();
});

it("of several kinds of options the result is one of those of each", () => {
  const options = flag() ? ({ reduction: "none" } as const) : ({ grad: true } as const);
  const result = k.softmaxCrossEntropy(x, [1], options as { reduction: "none" } | { grad: true });
  expectTypeOf(result.loss).toEqualTypeOf<number | Floats>();
  expectTypeOf(result.grad).toEqualTypeOf<Floats | undefined>();
  const untyped = JSON.parse("{}");
  expectTypeOf(k.softmaxCrossEntropy(x, [1], untyped).loss).toEqualTypeOf<number | Floats>();
  expectTypeOf<SoftmaxCrossEntropyLoss<SoftmaxCrossEntropyOptions>["logSumExp"]>().toEqualTypeOf<Floats | undefined>();
});

it("gradients of a linear layer are those that are asked for", () => {
  const w = Float32Array.of(1, 2, 3, 4, 5, 6);
  const z = k.alloc([3]);
  const all = k.linearSoftmaxCrossEntropy(x, w, [1], { grad: true }).grad;
  expectTypeOf(all).toEqualTypeOf<{ features: Floats; weights: Floats; bias: Floats }>();
  const some = k.linearSoftmaxCrossEntropy(x, w, [1], { grad: { weights: true, features: z, bias: flag() } }).grad;
  expectTypeOf(some).toEqualTypeOf<{
    features: ResidentBatch;
    weights: Floats;
    bias: Floats | undefined;
  }>();

  const perhaps: { weights?: Floats } = { weights: new Float32Array(6) };
  const { grad } = k.linearSoftmaxCrossEntropy(x, w, [1], { grad: perhaps });
  expectTypeOf(grad).toEqualTypeOf<{ weights?: Floats | undefined } | undefined>();
  expectTypeOf(grad?.weights).toEqualTypeOf<Floats | undefined>();
  const bias = k.linearSigmoidCrossEntropy(x, w, Float32Array.of(0, 1), { grad: { bias: flag() } }).grad;
  expectTypeOf(bias).toEqualTypeOf<{ bias: Floats | undefined } | undefined>();
  // Where nothing is wanted there is no object either.
  expectTypeOf<undefined>().toExtend<LinearLoss<{ grad: { bias: false } }>["grad"]>();
  expectTypeOf<LinearLoss<{ grad: boolean }>["grad"]>().toEqualTypeOf<typeof all | undefined>();
  z.free();
});

it("an output that is given perhaps is the result perhaps", () => {
  const perhaps: { out: ResidentBatch | undefined } = { out: undefined };
  const rows = k.softmax(x, perhaps);
  const elements = k.sigmoid(x, { shape, out: perhaps.out });
  expectTypeOf(rows).toEqualTypeOf<Floats | ResidentBatch>();
  expectTypeOf(elements).toEqualTypeOf<Floats | ResidentBatch>();
  const name = flag() ? "softmax" : "logSigmoid";
  expectTypeOf(k[name](x, { shape })).toEqualTypeOf<Floats>();
});

it("of options that may be undefined as a whole, a copy has the type", () => {
  const given = (o?: { readonly grad: true; readonly reduction: "none" }) => k.nllLoss(x, [1], { ...o });
  expectTypeOf(given().grad).toEqualTypeOf<Floats | undefined>();
  expectTypeOf(given().loss).toEqualTypeOf<number | Floats>();
  const placed = (o?: { out?: ResidentBatch }) => k.softmax(x, { ...o, out: o?.out });
  const result = placed();
  expectTypeOf(result).toEqualTypeOf<Floats | ResidentBatch>();
});

it("a resident batch of a type that isn't known is of either", () => {
  const dtype = ((): Dtype => "int32")();
  const batch = k.alloc(shape, { dtype });
  expectTypeOf(batch).toEqualTypeOf<ResidentBatch | ResidentBatch<Int32Array>>();
  expectTypeOf(k.alloc(shape, { dtype: "int32" }).data).toEqualTypeOf<Int32Array>();
  expectTypeOf(k.alloc(shape, {}).data).toEqualTypeOf<Float32Array>();
  expectTypeOf(k.alloc(shape).toArray()).toEqualTypeOf<Floats>();
  expectTypeOf(k.alloc(shape, { dtype: "int32" }).toArray()).toEqualTypeOf<Indices>();
  expectTypeOf(batch.toArray()).toEqualTypeOf<Floats | Indices>();
  batch.free();
});

it("options of a type parameter can be handed on", () => {
  function lossOf<const O extends Only<SoftmaxCrossEntropyOptions, O>>(options: O): SoftmaxCrossEntropyLoss<O> {
    return k.softmaxCrossEntropy(x, [1], options);
  }
  expectTypeOf(lossOf({ grad: true }).grad).toEqualTypeOf<Floats>();
  const rest: SoftmaxCrossEntropyOptions = {};
  expectTypeOf(k.softmaxCrossEntropy(x, [1], { ...rest, grad: true }).grad).toEqualTypeOf<Floats>();
});

it("an option that doesn't exist is an error, beside others and in a variable too", () => {
  // @ts-expect-error there is no such option
  const beside = () => k.softmaxCrossEntropy(x, [1], { grad: true, reducton: "none" });
  const options = { shape: [1, 3], axes: 1 };
  // @ts-expect-error there is no such option
  const variable = () => k.entropy(x, options);
  // @ts-expect-error these take no gradOutput
  const upstream = () => k.klDivergence(x, x, { grad: true, gradOutput: 2 });
  expectTypeOf([beside, variable, upstream]).toBeArray();
});

it("targets of elements may be integer arrays, as what runs takes them", () => {
  k.sigmoidCrossEntropy(x, Uint8Array.of(0, 1, 1));
  k.sigmoidFocalLoss(x, { data: Int32Array.of(0, 1, 1), dims: [3] });
  k.binaryCrossEntropy(Float32Array.of(0.5), Int8Array.of(1));
  k.sigmoidCrossEntropy(x, { data: BigInt64Array.of(0n, 1n, 1n), dims: [3] });
  k.linearSigmoidCrossEntropy(x, x, [1], { shape });
  k.sigmoidCrossEntropy(x, k.alloc([3], { dtype: "int32" }));
});

it("a resident batch is set from arrays and typed arrays", () => {
  const z = k.alloc(shape);
  for (const source of [[1, 2, 3], [1n, 2n, 3n], x, Float64Array.of(1, 2, 3), Uint8Array.of(1, 2, 3)]) z.set(source);
  // @ts-expect-error an object that is like an array is refused
  expect(() => z.set({ length: 3, 0: 1, 1: 2, 2: 3 })).toThrow();
});

it("a result of the reference has what is sure to be asked for, and the rest perhaps", () => {
  expectTypeOf(reference.nllLoss(x, [1], { grad: true, reduction: "none" })).toEqualTypeOf<
    { loss: Float64Array } & { grad: Float64Array }
  >();
  expectTypeOf(reference.nllLoss(x, [1]).loss).toEqualTypeOf<number>();
  expectTypeOf(reference.entropy(x)).toEqualTypeOf<Float64Array>();
  expectTypeOf(reference.entropy(x, { reduction: "sum" })).toEqualTypeOf<number>();
  const grad: { grad?: true } = {};
  for (const result of [
    reference.nllLoss(x, [1], grad),
    reference.softmaxCrossEntropy(x, [1], grad),
    reference.softmaxKlDivergence(x, x, grad),
    reference.sigmoidCrossEntropy(x, x, grad),
    reference.sigmoidFocalLoss(x, x, grad),
    reference.sigmoidSquaredError(x, x, grad),
    reference.sigmoidCrossEntropy(x, x, { grad: flag() && undefined }),
  ]) {
    expectTypeOf(result.grad).toEqualTypeOf<Float64Array | undefined>();
  }
  const linear = reference.linearSigmoidCrossEntropy(x, x, [1], { shape: [1, 3], ...grad });
  expectTypeOf(linear.grad).toEqualTypeOf<reference.LinearGradients | undefined>();
  expectTypeOf(reference.linearSoftmaxCrossEntropy(x, x, [0], { grad: true }).grad.bias).toEqualTypeOf<Float64Array>();
  const none: { reduction?: "none" } = {};
  expectTypeOf(reference.softmaxCrossEntropy(x, [1], none).loss).toEqualTypeOf<number | Float64Array>();
  const mean: { reduction?: "mean" } = {};
  expectTypeOf(reference.entropy(x, mean)).toEqualTypeOf<number | Float64Array>();
  const y = Float32Array.of(0.5, 0.25, 0.25);
  type Either = Float64Array | { loss: Float64Array; grad: Float64Array };
  expectTypeOf(reference.klDivergence(y, y, grad)).toEqualTypeOf<Either>();
  expectTypeOf(reference.crossEntropy(y, y, grad)).toEqualTypeOf<Either>();
  expectTypeOf(reference.jensenShannon(y, y, grad)).toEqualTypeOf<Either>();
  expectTypeOf(reference.binaryCrossEntropy(y, y, grad)).toEqualTypeOf<Either>();
  // @ts-expect-error there is no such option
  expect(() => reference.nllLoss(x, [1], { ...grad, axes: 1 })).toThrow("no option");
});

it("the reference takes options that are undefined, as the kernels do", () => {
  const [axis, temperature]: (number | undefined)[] = [];
  expect(reference.softmax(x, { axis, temperature, shape: undefined })).toEqual(reference.softmax(x));
  const options = { reduction: undefined, labelSmoothing: undefined, grad: undefined };
  expect(reference.softmaxCrossEntropy(x, [1], options).loss).toBe(reference.softmaxCrossEntropy(x, [1]).loss);
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
