import { XentropyError } from "./errors.js";
import type { Xentropy } from "./kernels.js";
import { loadSync } from "./load.js";
import { gather, rowsAlong, scatter } from "./reference/arrays.js";
import * as reference from "./reference/index.js";
import { gradientToLogits, type LogitOptions, transformLogits } from "./reference/logits.js";
import { gradientScales, type Reduction, reduce } from "./reference/reduction.js";
import { logSoftmaxOfRow } from "./reference/row.js";
import { readTargets, targetOfRow } from "./reference/targets.js";
import { ResidentBatch } from "./resident.js";

/**
 * Cross-checking: the same operations, with every result compared to that of the `js` backend, bit for bit, and to the
 * float64 reference, within the bound that the operation states.
 *
 *   distance = |result − true value| / ulp(magnitude)
 *
 * in float32 units in the last place, subnormal ones included. The magnitude is the true value; where that is a sum of
 * signed terms, which may cancel, it is the sum of their magnitudes.
 */

/** Where a result stands. */
interface Place {
  readonly operation: string;
  readonly output: string;
  readonly row: number;
  readonly column: number;
}

/** A result that another way to compute it doesn't confirm. Code CROSS_CHECK. */
export class CrossCheckError extends XentropyError implements Place {
  /** The operation, as the method is named. */
  readonly operation: string;
  /** Which of its results: "out" where there is one alone, else "loss", "grad"... */
  readonly output: string;
  /** Index of the row in the result, all axes but the last taken together; of the position where there is one value each. */
  readonly row: number;
  /** Index along the last axis. */
  readonly column: number;
  /** What the checked kernels computed. */
  readonly value: number;
  /** What it was compared with. */
  readonly expected: number;
  /** How far they are apart. */
  readonly distance: number;
  readonly unit = "ULP";

  /** `judgement`: who expected what. */
  constructor(place: Place, value: number, expected: number, distance: number, judgement: string) {
    const { operation, output, row, column } = place;
    const where = `${operation}: ${output} at row ${row}, column ${column}`;
    super("CROSS_CHECK", `${where} is ${show(value)}; ${judgement} (${Number(distance.toPrecision(3))} ULP apart).`);
    this.operation = operation;
    this.output = output;
    this.row = row;
    this.column = column;
    this.value = value;
    this.expected = expected;
    this.distance = distance;
  }
}

function show(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

type Options = Readonly<Record<string, unknown>>;

/** A call as every backend and the reference take it: nothing in it is resident, and results go to fresh arrays. */
interface Call {
  readonly operands: readonly unknown[];
  readonly options: Options;
}

type Values = number | ArrayLike<number>;

/** What an output is compared with. */
interface Truth {
  readonly values: Values;
  /** What distances are measured by, where that is not the values themselves. */
  readonly magnitudes?: Values | undefined;
}

interface Operation {
  /** Number of arguments before the options. */
  readonly operands: number;
  /** ULP that a result may be off; Infinity where none are stated. */
  readonly bound: number | ((options: Options) => number);
  /** The true results, each under its name. */
  readonly truth: (call: Call, k: Xentropy) => Record<string, Truth>;
}

/** Methods that manage memory: there is nothing to check. */
type Managing = "alloc";

/** Every method that computes has a row: the compiler misses those that don't. */
type Operations = {
  readonly [K in keyof Xentropy as Xentropy[K] extends (...args: never) => unknown
    ? Exclude<K, Managing>
    : never]: Operation;
};

const OPERATIONS: Operations = {
  softmax: { operands: 1, bound: 4, truth: plain(reference.softmax) },
  logSoftmax: { operands: 1, bound: 4, truth: plain(reference.logSoftmax) },
  logSumExp: { operands: 1, bound: 4, truth: plain(reference.logSumExp, logSumExpTerms) },
  softmaxBackward: { operands: 2, bound: 4, truth: plain(reference.softmaxBackward, softmaxBackwardTerms) },
  logSoftmaxBackward: { operands: 2, bound: 4, truth: plain(reference.logSoftmaxBackward, logSoftmaxBackwardTerms) },
  argmax: { operands: 1, bound: 0, truth: plain(reference.argmax) },
  topK: { operands: 2, bound: 0, truth: plain(reference.topK) },
  sigmoid: { operands: 1, bound: 2.5, truth: plain(reference.sigmoid) },
  logSigmoid: { operands: 1, bound: 2, truth: plain(reference.logSigmoid) },
  softplus: { operands: 1, bound: 2, truth: plain(reference.softplus) },
  logit: { operands: 1, bound: 1.5, truth: plain(reference.logit) },
  softmaxCrossEntropy: { operands: 2, bound: 4, truth: crossEntropyTruth },
  nllLoss: { operands: 2, bound: 4, truth: plain(reference.nllLoss, nllTerms) },
  softmaxKlDivergence: { operands: 2, bound: 4, truth: plain(reference.softmaxKlDivergence, distillationTerms) },
  sigmoidCrossEntropy: { operands: 2, bound: 4, truth: plain(reference.sigmoidCrossEntropy, sigmoidTerms) },
  sigmoidFocalLoss: { operands: 2, bound: focalBound, truth: plain(reference.sigmoidFocalLoss, focalTerms) },
  entropy: { operands: 1, bound: 4, truth: plain(reference.entropy, divergenceTerms(timesLog)) },
  crossEntropy: { operands: 2, bound: 4, truth: plain(reference.crossEntropy, divergenceTerms(timesLog)) },
  klDivergence: { operands: 2, bound: 4, truth: plain(reference.klDivergence, divergenceTerms(klTerm)) },
  jensenShannon: { operands: 2, bound: 4, truth: plain(reference.jensenShannon, divergenceTerms(jensenShannonTerm)) },
  binaryCrossEntropy: { operands: 2, bound: 4, truth: plain(reference.binaryCrossEntropy) },
};

/** Options that multiply: each may add a rounding, and so 1 ULP. */
const FACTORS = "labelSmoothing classWeights sampleWeights posWeight elementWeights gradOutput zLoss alpha".split(" ");

/** Numbers that the kernels take as float32. */
const SINGLE = new Set(["temperature", "softcap", "gradOutput", "alpha", "gamma"]);

type Magnitudes = Readonly<Record<string, Values>>;

/** The truth as the reference has it; `terms` gives the magnitudes that aren't those of the results. */
function plain(
  compute: (...args: never[]) => unknown,
  terms: (call: Call) => Magnitudes = () => ({}),
): Operation["truth"] {
  return (call) => {
    const results = outputsOf(compute(...([...call.operands, call.options] as never[])));
    const magnitudes = terms(call);
    return Object.fromEntries(results.map(([name, values]) => [name, { values, magnitudes: magnitudes[name] }]));
  };
}

/** The elements of an operand in float64. */
function numbers(operand: unknown): Float64Array {
  return Float64Array.from(dataOf(operand) as ArrayLike<number>);
}

function dataOf(operand: unknown): unknown {
  return (operand as { data?: unknown }).data ?? operand;
}

function shapeOf({ operands: [x], options }: Call): readonly number[] {
  const own = (x as { shape?: readonly number[] }).shape;
  return (options.shape as readonly number[] | undefined) ?? own ?? [(dataOf(x) as ArrayLike<number>).length];
}

/** Calls `visit` with each row of all operands along the call's axis; it may write a row of the result, and returns a value. */
function overRows(
  call: Call,
  operands: readonly unknown[],
  visit: (rows: readonly Float64Array[], result: Float64Array, row: number) => number,
): { values: Float64Array; elements: Float64Array } {
  const layout = rowsAlong(shapeOf(call), call.options.axis as number | undefined);
  const arrays = operands.map(numbers);
  const rows = arrays.map(() => new Float64Array(layout.length));
  const values = new Float64Array(layout.count);
  const elements = new Float64Array(arrays[0].length);
  const result = new Float64Array(layout.length);
  for (let r = 0; r < layout.count; r++) {
    for (let i = 0; i < rows.length; i++) gather(arrays[i], layout, r, rows[i]);
    values[r] = visit(rows, result, r);
    scatter(result, layout, r, elements);
  }
  return { values, elements };
}

/** Magnitudes of losses reduced as the losses are. */
function reduced(values: Float64Array, { options }: Call, fallback: Reduction, divisor = values.length): Values {
  return reduce(values, (options.reduction as Reduction | undefined) ?? fallback, divisor);
}

/** |max| + log Σ exp(x − max). The maximum is what is left of the log-sum-exp of numbers 2^80 as large. */
function logSumExpTerms({ operands: [x], options }: Call): Magnitudes {
  const { shape, axis } = options as reference.LogSumExpOptions;
  const z = transformLogits(numbers(x), options);
  const settings = { shape: shape ?? shapeOf({ operands: [x], options }), axis: axis ?? -1 };
  const large = 2 ** 80;
  const max = reference
    .logSumExp(
      z.map((value) => value * large),
      settings,
    )
    .map((value) => value / large);
  return { out: reference.logSumExp(z, settings).map((value, i) => Math.abs(max[i]) + Math.abs(value - max[i])) };
}

/** |p|·(|dp| + Σ |dp·p|) */
function softmaxBackwardTerms(call: Call): Magnitudes {
  const { elements } = overRows(call, call.operands, ([p, dp], result) => {
    const sum = p.reduce((total, value, i) => total + Math.abs(value * dp[i]), 0);
    for (let i = 0; i < p.length; i++) result[i] = Math.abs(p[i]) * (Math.abs(dp[i]) + sum);
    return 0;
  });
  return { out: elements };
}

/** |dlp| + exp(lp)·Σ |dlp| */
function logSoftmaxBackwardTerms(call: Call): Magnitudes {
  const { elements } = overRows(call, call.operands, ([lp, dlp], result) => {
    const sum = dlp.reduce((total, value) => total + Math.abs(value), 0);
    for (let i = 0; i < lp.length; i++) result[i] = Math.abs(dlp[i]) + Math.exp(lp[i]) * sum;
    return 0;
  });
  return { out: elements };
}

/** Σ |w·lp_y|: the loss of log-probabilities that are all negative. */
function nllTerms({ operands: [lp, labels], options }: Call): Magnitudes {
  const data = numbers(lp).map((value) => -Math.abs(value));
  const shape = shapeOf({ operands: [lp, labels], options });
  return { loss: reference.nllLoss({ data, shape }, labels as never, { ...options, grad: false }).loss };
}

/**
 * Softmax cross-entropy is judged from the logits after softcap and temperature, as the kernels form them: with one class a
 * position, the log-sum-exp is the logit. For t″ the smoothed and weighted targets and L = |max| + log Σ exp(z − max):
 *
 *   loss: v·(Σ |t″·lp| + λ·L²)        gradient: s·((Σ |t″| + 2λL)·p + |t″|)
 *
 * A label alone leaves one term, and so the true value.
 */
function crossEntropyTruth(call: Call, k: Xentropy): Record<string, Truth> {
  const { operands, options } = call;
  const { softcap, temperature, ...rest } = options;
  const shape = shapeOf(call);
  const x = numbers(operands[0]);
  const z = softcap === undefined && temperature === undefined ? x : transformed(k, x, { softcap, temperature });
  const targets = operands[1] as never;
  const { grad, correct, ...truth } = reference.softmaxCrossEntropy(z, targets, { ...rest, shape });
  const terms = crossEntropyTerms({ operands: [z, targets], options: { ...rest, shape } });
  if (grad)
    for (const gradient of [grad, terms.grad]) gradientToLogits(gradient, x, { softcap, temperature } as LogitOptions);
  const single = !(dataOf(targets) instanceof Float32Array) && !options.labelSmoothing && !options.zLoss;
  return {
    loss: { values: truth.loss, magnitudes: single ? undefined : terms.loss },
    grad: { values: grad ?? [], magnitudes: single ? undefined : terms.grad },
    correct: { values: correct ?? 0 },
    logSumExp: {
      values: truth.logSumExp ?? [],
      magnitudes: logSumExpTerms({ operands: [z], options: { shape, axis: options.axis } }).out,
    },
  };
}

function crossEntropyTerms(call: Call): { loss: Values; grad: Float64Array } {
  const { operands, options } = call;
  const shape = shapeOf(call);
  const layout = rowsAlong(shape, options.axis as number | undefined);
  const targets = readTargets(operands[1] as never, shape, layout, options);
  const reduction = (options.reduction as Reduction | undefined) ?? "mean";
  const scales = gradientScales(options.gradOutput as never, reduction, targets.divisor, layout.count);
  const target = new Float64Array(layout.length);
  const lp = new Float64Array(layout.length);
  const zLoss = (options.zLoss as number | undefined) ?? 0;
  const { values, elements } = overRows(call, [operands[0]], ([z], result, r) => {
    result.fill(0);
    if (targets.labels && targets.labels[r] < 0) return 0;
    targetOfRow(targets, layout, r, target);
    const lse = logSoftmaxOfRow(z, lp);
    const max = z.reduce((a, b) => Math.max(a, b), -Infinity);
    const size = Math.abs(max) + (lse - max);
    const mass = target.reduce((total, t) => total + Math.abs(t), 0);
    const v = targets.sampleWeights[r];
    let loss = zLoss === 0 ? 0 : zLoss * size * size;
    for (let c = 0; c < lp.length; c++) {
      const t = Math.abs(target[c]);
      if (t !== 0) loss -= t * lp[c];
      result[c] = v * Math.abs(scales[r]) * ((mass + 2 * zLoss * size) * Math.exp(lp[c]) + t);
    }
    return v * loss;
  });
  return { loss: reduced(values, call, "mean", targets.divisor), grad: elements };
}

/** The logits after softcap and temperature, as the kernels have them. */
function transformed(k: Xentropy, x: Float64Array, options: Options): Float64Array {
  const labels = new Uint8Array(x.length);
  const settings = { ...options, shape: [x.length, 1], logSumExp: true } as const;
  const { logSumExp } = k.softmaxCrossEntropy(Float32Array.from(x), labels, settings);
  return Float64Array.from(logSumExp);
}

/** Loss: T²·Σ p·|log p − log q|; gradient: s·T·(p + q). */
function distillationTerms(call: Call): Magnitudes {
  const { operands, options } = call;
  const { temperature = 1 } = options as LogitOptions;
  const reduction = (options.reduction as Reduction | undefined) ?? "mean";
  const logits = operands.map((operand) => transformLogits(numbers(operand), options));
  const count = rowsAlong(shapeOf(call), options.axis as number | undefined).count;
  const scales = gradientScales(options.gradOutput as never, reduction, count, count);
  const { values, elements } = overRows(call, logits, ([x, y], result, r) => {
    const [q, p] = [x, y].map((row) => {
      const lp = new Float64Array(row.length);
      logSoftmaxOfRow(row, lp);
      return lp;
    });
    let total = 0;
    for (let c = 0; c < q.length; c++) {
      const mass = Math.exp(p[c]);
      if (mass !== 0) total += mass * (Math.abs(p[c]) + Math.abs(q[c]));
      result[c] = Math.abs(scales[r]) * temperature * (mass + Math.exp(q[c]));
    }
    return temperature * temperature * total;
  });
  return { loss: reduced(values, call, "mean"), grad: elements };
}

/**
 * The gradient is s·u·((n + h)·σ(x) − h), n and h the weights of miss and hit; at x = −∞ it is −s·u·h. So the sum of the
 * magnitudes, s·u·((n + h)·σ(x) + h), is the one less twice the other.
 */
function sigmoidTerms(call: Call): Magnitudes {
  const { operands, options } = call;
  const shape = shapeOf(call);
  const settings = { ...options, shape, grad: true as const };
  const x = numbers(operands[0]);
  const { grad } = reference.sigmoidCrossEntropy(x, operands[1] as never, settings);
  const hits = reference.sigmoidCrossEntropy(x.fill(-Infinity), operands[1] as never, settings).grad;
  return { grad: grad.map((value, i) => value - 2 * hits[i]) };
}

function focalBound({ gamma = 2 }: Options): number {
  return [0, 1, 2].includes(gamma as number) ? 8 : Infinity;
}

/** s·α_t·(γ·m^(γ−1)·|1 − 2t|·σ(x)·σ(−x)·CE + m^γ·((1 − t)·σ(x) + t·σ(−x))), m = (1 − t)·σ(x) + t·σ(−x) */
function focalTerms({ operands, options }: Call): Magnitudes {
  const { alpha, gamma = 2, reduction = "mean", gradOutput } = options as reference.SigmoidFocalLossOptions;
  const x = numbers(operands[0]);
  const t = numbers(operands[1]);
  const scales = gradientScales(gradOutput, reduction, x.length, x.length);
  const up = reference.sigmoid(x);
  const down = reference.sigmoid(x.map((value) => -value));
  const ce = reference.sigmoidCrossEntropy(x, t, { reduction: "none" }).loss;
  const grad = x.map((_, i) => {
    const m = (1 - t[i]) * up[i] + t[i] * down[i];
    const weight = alpha === undefined ? 1 : alpha * t[i] + (1 - alpha) * (1 - t[i]);
    const bend = gamma === 0 ? 0 : gamma * m ** (gamma - 1) * Math.abs(1 - 2 * t[i]) * up[i] * down[i] * ce[i];
    return scales[i] * weight * (bend + m ** (gamma + 1));
  });
  return { grad };
}

/** Magnitudes of a sum of terms, one for each element; the gradients have but one term. */
function divergenceTerms(term: (p: number, q: number) => number): (call: Call) => Magnitudes {
  return (call) => {
    const { operands, options } = call;
    const unit = options.unit === "bits" ? Math.LN2 : 1;
    const both = operands.length > 1 ? operands : [operands[0], operands[0]];
    const { values } = overRows(call, both, ([p, q]) => {
      let total = 0;
      for (let i = 0; i < p.length; i++) total += Math.abs(term(p[i], q[i]));
      return total / unit;
    });
    const loss = reduced(values, call, "none");
    return { out: loss, loss };
  };
}

/** w·log x, 0 where w is. */
function timesLog(weight: number, x: number): number {
  return weight === 0 ? 0 : weight * Math.log(x);
}

function klTerm(p: number, q: number): number {
  return timesLog(p, p / q);
}

function jensenShannonTerm(p: number, q: number): number {
  const m = (p + q) / 2;
  return (Math.abs(klTerm(p, m)) + Math.abs(klTerm(q, m))) / 2;
}

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);

/** The float32 unit in the last place of a real number. */
function ulp(value: number): number {
  float[0] = value;
  const exponent = ((words[1] >>> 20) & 0x7ff) - 1023;
  return 2 ** (Math.min(Math.max(exponent, -126), 127) - 23);
}

/** Where float32 ends: what an infinite result stands for, and the most that counts of a true value. */
const END = 2 ** 128;

function clamp(value: number): number {
  return Math.min(END, Math.max(-END, value));
}

function distanceOf(value: number, truth: number, magnitude = truth): number {
  if (value === truth || (Number.isNaN(value) && Number.isNaN(truth))) return 0;
  if (Number.isNaN(value) || !Number.isFinite(truth)) return Infinity;
  return Math.abs(clamp(value) - clamp(truth)) / ulp(Number.isFinite(magnitude) ? magnitude : truth);
}

function listOf(values: unknown): ArrayLike<number> {
  if (values instanceof ResidentBatch) return values.data;
  return typeof values === "number" ? [values] : (values as ArrayLike<number>);
}

/** The outputs of a call by name; those that weren't asked for are left out. */
function outputsOf(result: unknown): [string, ArrayLike<number>][] {
  const alone = typeof result === "number" || ArrayBuffer.isView(result) || result instanceof ResidentBatch;
  const outputs = Object.entries(alone ? { out: result } : (result as object));
  return outputs.filter(([, values]) => values !== undefined).map(([name, values]) => [name, listOf(values)]);
}

/** A copy of an operand or an option, which outlasts a result that is written over it, and is of no instance. */
function copyOf(value: unknown): unknown {
  if (value instanceof ResidentBatch) return { data: value.toArray(), shape: value.shape };
  if (ArrayBuffer.isView(value) || Array.isArray(value)) return (value as Float32Array).slice();
  if (!isTensor(value)) return value;
  return { ...value, data: copyOf(value.data) };
}

function isTensor(value: unknown): value is { data: unknown } {
  return typeof value === "object" && value !== null && "data" in value && !(value instanceof ResidentBatch);
}

/** An operand whose properties have been read, once. */
function settle(operand: unknown): unknown {
  if (!isTensor(operand)) return operand;
  const { data, shape, dims } = operand as { data: unknown; shape?: unknown; dims?: unknown };
  return { data, shape: shape ?? dims };
}

/** Options that have been read, each once. */
function settleOptions(options: unknown): unknown {
  if (typeof options !== "object" || options === null) return options;
  const settled: Record<string, unknown> = {};
  for (const key in options) settled[key] = settle((options as Options)[key]);
  return settled;
}

/** The call to compare with. */
function copyOfCall(operands: readonly unknown[], options: unknown): Call {
  const copies: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(options ?? {})) {
    if (key === "grad") copies[key] = Boolean(value);
    else if (key !== "out") copies[key] = copyOf(value);
  }
  return { operands: operands.map(copyOf), options: copies };
}

/** The call as the reference takes it: weights are flat, and what the kernels take as float32 is float32. */
function forReference({ operands, options }: Call): Call {
  const rounded: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(options)) {
    if (key === "shape" || key === "axis" || value === undefined) rounded[key] = value;
    else if (typeof value === "number") rounded[key] = SINGLE.has(key) ? Math.fround(value) : value;
    else if (Array.isArray(value)) rounded[key] = Float32Array.from(value);
    else rounded[key] = key === "posWeight" || key === "elementWeights" || !isTensor(value) ? value : value.data;
  }
  return { operands, options: rounded };
}

type Method = (...args: unknown[]) => unknown;

/** Runs one operation on the kernels and compares. */
function run(k: Xentropy, js: Xentropy, name: keyof Operations, args: readonly unknown[]): unknown {
  const operation = OPERATIONS[name];
  const operands = args.slice(0, operation.operands).map(settle);
  const options = settleOptions(args[operation.operands]);
  const compute = () => (k[name] as Method)(...operands, ...(options === undefined ? [] : [options]));
  let call: Call;
  try {
    call = copyOfCall(operands, options);
  } catch (error) {
    // What can't be copied (freed, detached) can't be computed either: the kernels know best what to say.
    compute();
    throw error;
  }
  const result = compute();
  const outputs = outputsOf(result);
  const shape = shapeOf(call);
  const elements = (dataOf(call.operands[0]) as ArrayLike<number>).length;
  const place = (output: string, index: number): Place => {
    const columns = listAt(outputs, output).length === elements ? (shape.at(-1) ?? 1) : 1;
    return { operation: name, output, row: Math.floor(index / columns), column: index % columns };
  };

  if (k.backend !== "relaxed") {
    const expected = outputsOf((js[name] as Method)(...call.operands, call.options));
    for (const [output, values] of outputs) {
      const others = listAt(expected, output);
      for (let i = 0; i < values.length; i++) {
        const [value, other] = [values[i], others[i]];
        if (Object.is(value, other)) continue;
        const said = `the js backend has other bits, ${show(other)}`;
        throw new CrossCheckError(place(output, i), value, other, distanceOf(value, other), said);
      }
    }
  }
  const truths = operation.truth(forReference(call), k);
  const stated = typeof operation.bound === "number" ? operation.bound : operation.bound(call.options);
  const bound = stated + FACTORS.filter((factor) => call.options[factor] !== undefined).length;
  for (const [output, values] of outputs) {
    const truth = listOf(truths[output].values);
    const magnitudes = listOf(truths[output].magnitudes ?? truth);
    for (let i = 0; i < values.length; i++) {
      const distance = distanceOf(values[i], truth[i], magnitudes[i]);
      if (distance <= bound) continue;
      const said = `the reference has ${show(truth[i])}, and ${bound} ULP are allowed`;
      throw new CrossCheckError(place(output, i), values[i], truth[i], distance, said);
    }
  }
  return result;
}

function listAt(outputs: readonly [string, ArrayLike<number>][], name: string): ArrayLike<number> {
  return outputs.find(([output]) => output === name)?.[1] ?? [];
}

/**
 * The same kernels with every result checked: exactly against the `js` backend (kernels on `relaxed`, whose bits follow the
 * CPU, are not), and within the stated bound against the reference. Some hundred times slower. What the methods return and
 * throw is what those of `k` do; a result that isn't confirmed is a CrossCheckError, with the outputs already written.
 * Throws BackendError where `js` can't be had.
 */
export function checked(k: Xentropy): Xentropy {
  const js = loadSync({ backend: "js" });
  return new Proxy(k, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      if (!Object.hasOwn(OPERATIONS, name)) return value.bind(target);
      return (...args: unknown[]) => run(target, js, name as keyof Operations, args);
    },
  });
}
