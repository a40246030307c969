import { XentropyError } from "./errors.js";
import type { Xentropy } from "./kernels.js";
import { loadSync } from "./load.js";
import * as reference from "./reference/index.js";
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
  /** ULP that a result may be off. */
  readonly bound: number;
  /** The true results, each under its name. */
  readonly truth: (call: Call) => Record<string, Truth>;
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
  softmax: { operands: 1, bound: 4, truth: array(reference.softmax) },
  logSoftmax: { operands: 1, bound: 4, truth: array(reference.logSoftmax) },
  softmaxCrossEntropy: { operands: 2, bound: 4, truth: loss(reference.softmaxCrossEntropy, classesOf) },
  sigmoidCrossEntropy: { operands: 2, bound: 4, truth: loss(reference.sigmoidCrossEntropy, () => 1) },
};

/** Options that multiply: each may add a rounding, and so 1 ULP. */
const FACTORS = "labelSmoothing classWeights sampleWeights posWeight elementWeights gradOutput zLoss alpha".split(" ");

/** The truth of an operation whose result is one array. */
function array(compute: (x: never, options: never) => Values): Operation["truth"] {
  return ({ operands: [x], options }) => ({ out: { values: compute(x as never, options as never) } });
}

type Reference = (x: never, targets: never, options: never) => { loss: Values; grad?: Float64Array | undefined };

/**
 * The truth of a loss with labels or targets t, `size` elements a position. The gradient for targets is p·Σt − t, two terms
 * that may cancel; the sum of their magnitudes is the gradient for |t| plus 2·|t|, scaled alike.
 */
function loss(compute: Reference, size: (call: Call) => number): Operation["truth"] {
  return (call) => {
    const { operands, options } = call;
    const [x, targets] = operands;
    const truth = compute(x as never, targets as never, options as never);
    const t = dataOf(targets);
    if (!(t instanceof Float32Array)) return { loss: { values: truth.loss }, grad: { values: truth.grad ?? [] } };
    const sizes = t.map(Math.abs);
    const terms = compute(x as never, sizes as never, options as never);
    const scale = (options.reduction ?? "mean") === "mean" ? size(call) / t.length : 1;
    const magnitudes = terms.grad?.map((value, i) => value + 2 * scale * sizes[i]);
    return {
      loss: { values: truth.loss, magnitudes: terms.loss },
      grad: { values: truth.grad ?? [], magnitudes },
    };
  };
}

function dataOf(operand: unknown): unknown {
  return (operand as { data?: unknown }).data ?? operand;
}

function shapeOf({ operands: [x], options }: Call): readonly number[] {
  const own = (x as { shape?: readonly number[] }).shape;
  return (options.shape as readonly number[] | undefined) ?? own ?? [(dataOf(x) as ArrayLike<number>).length];
}

function classesOf(call: Call): number {
  return shapeOf(call).at((call.options.axis as number | undefined) ?? -1) as number;
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
  const alone = ArrayBuffer.isView(result) || result instanceof ResidentBatch;
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
  const truths = operation.truth(call);
  const bound = operation.bound + FACTORS.filter((factor) => call.options[factor] !== undefined).length;
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
