// One case: an operation, a batch, options, and where everything lies. It is told by three integers and a layout, so
// that fast-check can make it smaller.

import fc from "fast-check";
import type { ResidentBatch, Xentropy } from "xentropy";
import { type FuzzOperation, type Layout, OPERATIONS, type Operand, type Options } from "./operations.js";
import { Random } from "./random.js";

/** Where operands and results lie. */
const PLACES = ["foreign", "out given", "in place", "resident", "resident, in place"] as const;
export type Place = (typeof PLACES)[number];

export interface Case {
  readonly operation: number;
  readonly outer: readonly number[];
  readonly classes: number;
  readonly inner: readonly number[];
  readonly place: Place;
  readonly seed: number;
}

/** Numbers that a batch may have, and one of long rows, which take several tiles. */
const MOST = 40_000;
const MOST_LONG = 400_000;
const LONG = 5000;

/** Axes lengths: mostly short, with the ends of vectors, narrow rows and blocks among them. */
const CLASSES = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 12 }) },
  { weight: 3, arbitrary: fc.integer({ min: 13, max: 70 }) },
  { weight: 1, arbitrary: fc.constantFrom(0, 127, 128, 2047, 2048, 2049, 4100) },
);
/** Positions side by side whose distance brings their classes to a few sets of a cache, and one that doesn't. */
const ABREAST = fc.constantFrom([64], [256], [4, 64], [1001]);
const OTHERS = fc.array(fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constantFrom(0, 6, 17)), { maxLength: 2 });

const CHOICES = {
  operation: fc.nat(OPERATIONS.length - 1),
  place: fc.constantFrom(...PLACES),
  seed: fc.nat(2 ** 31 - 1),
};

const SHORT_ROWS = fc.record({
  ...CHOICES,
  outer: OTHERS,
  classes: CLASSES,
  inner: fc.oneof(
    { weight: 12, arbitrary: fc.constant([]) },
    { weight: 6, arbitrary: OTHERS },
    { weight: 1, arbitrary: ABREAST },
  ),
});

const LONG_ROWS = fc.record({
  ...CHOICES,
  outer: fc.tuple(fc.integer({ min: 1, max: 6 })),
  classes: fc.integer({ min: LONG, max: 70_000 }),
  inner: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.tuple(fc.integer({ min: 1, max: 3 })) },
  ),
});

/** A case in a hundred is of rows of which a tile holds a few, or less than one. */
export const CASES: fc.Arbitrary<Case> = fc.oneof(
  { weight: 99, arbitrary: SHORT_ROWS },
  { weight: 1, arbitrary: LONG_ROWS },
);

interface Drawn {
  readonly operation: FuzzOperation;
  readonly layout: Layout;
  readonly operands: readonly Operand[];
  readonly options: Options;
}

/** What a case stands for; undefined where the operation has no such batch. */
export function draw({ operation: index, outer, classes, inner, seed }: Case): Drawn | undefined {
  const operation = OPERATIONS[index];
  const shape = [...outer, classes, ...inner];
  const stride = inner.reduce((product, n) => product * n, 1);
  const size = outer.reduce((product, n) => product * n, 1) * classes * stride;
  const most = classes < LONG || operation.layer ? MOST : MOST_LONG;
  if (size > most || (classes === 0 && !operation.empty)) return undefined;
  // The features are the last axis of a layer's batch.
  if (operation.layer && inner.length > 0) return undefined;
  const layout = { shape, axis: outer.length, size, classes, stride };
  const random = new Random(seed);
  const options = { shape, ...(!operation.elementwise && !operation.layer && { axis: outer.length }) };
  const operands = operation.operands(random, layout);
  return {
    operation,
    layout,
    operands,
    options: { ...options, ...operation.options?.(random, layout, operands) },
  };
}

type Method = (...args: unknown[]) => unknown;

/** The arrays of a result by name. */
function outputsOf(result: unknown): Record<string, unknown> {
  const alone = typeof result === "number" || ArrayBuffer.isView(result) || isResident(result);
  return alone ? { out: result } : (result as Record<string, unknown>);
}

function isResident(value: unknown): value is ResidentBatch {
  return typeof value === "object" && value !== null && "toArray" in value;
}

function valuesOf(output: unknown): ArrayLike<number> {
  if (isResident(output)) return output.toArray();
  return typeof output === "number" ? [output] : (output as ArrayLike<number>);
}

/** Fails unless two results have the same bits, NaNs being one. */
function same(what: string, got: unknown, expected: unknown): void {
  const [outputs, others] = [outputsOf(got), outputsOf(expected)];
  const [names, wanted] = [outputs, others].map((all) => Object.keys(all).filter((name) => all[name] !== undefined));
  if (names.sort().join() !== wanted.sort().join()) throw new Error(`${what}: has ${names}; ${wanted} expected`);
  for (const name of names) {
    const output = outputs[name];
    const [a, b] = [valuesOf(output), valuesOf(others[name])];
    if (a.length !== b.length) throw new Error(`${what}: ${name} has ${a.length} values, ${b.length} expected`);
    for (let i = 0; i < a.length; i++) {
      if (!Object.is(a[i], b[i])) throw new Error(`${what}: ${name}[${i}] is ${a[i]}, ${b[i]} expected`);
    }
  }
}

/**
 * Runs a case: through `checked` (the same bits on `js`, within the bounds of the reference), then where the case puts its
 * operands, which must give the same bits, leave inputs alone and memory as it was.
 */
export function runCase(given: Case, k: Xentropy, checkedK: Xentropy): void {
  const drawn = draw(given);
  if (!drawn) return;
  const { operation, layout, operands, options } = drawn;
  const call = (target: Xentropy, args: readonly unknown[], extra: Options = {}) =>
    (target[operation.name] as Method).call(target, ...args, { ...options, ...extra });
  const expected = call(checkedK, operands.map(copyOf));
  if (given.place === "foreign") return;
  if (operation.layer) {
    runLayer(given.place, drawn, expected, k, checkedK);
    return;
  }
  const used = k.memory.used;
  const resident = given.place.startsWith("resident");
  const placed = operands.map((operand) =>
    resident && operand instanceof Float32Array ? put(k, operand, layout) : copyOf(operand),
  );
  const wants = operation.writes === "out" || (operation.writes === "grad" && options.grad === true);
  const inPlace = given.place.endsWith("in place");
  const { replaces = 0 } = operation;
  const target = inPlace ? placed[replaces] : resident ? k.alloc(layout.shape) : new Float32Array(layout.size);
  const extra = wants ? { [operation.writes as string]: target } : {};
  const result = call(k, placed, extra);
  same(given.place, result, expected);
  for (const [i, operand] of operands.entries()) {
    if (typeof operand !== "number" && !(wants && inPlace && i === replaces))
      same(`${given.place}: operand ${i}`, placed[i], operand);
  }
  for (const batch of new Set([...placed, target])) if (isResident(batch)) batch.free();
  if (k.memory.used !== used) throw new Error(`${given.place}: ${k.memory.used} bytes in use, ${used} before`);
}

/**
 * A linear layer again where the case puts it: gradients that were asked for go to arrays or resident batches that are
 * given; "in place" stands for adding to them, which `checked` judges.
 */
function runLayer(
  place: Place,
  { operation, layout, operands, options }: Drawn,
  expected: unknown,
  k: Xentropy,
  checkedK: Xentropy,
): void {
  const [x, w] = operands as Float32Array[];
  const sizes = { features: x.length, weights: w.length, bias: w.length / layout.classes };
  const { used } = k.memory;
  const resident = place.startsWith("resident");
  const accumulate = place.endsWith("in place");
  const batches: ResidentBatch[] = [];
  const put = (data: Float32Array, shape: readonly number[]) => {
    const batch = k.alloc(shape).set(data);
    batches.push(batch);
    return batch;
  };
  const shapes = { features: layout.shape, weights: [sizes.bias, layout.classes], bias: [sizes.bias] };
  const placed = operands.map((operand, i) => {
    const shape = [layout.shape, shapes.weights][i];
    return resident && shape ? put(operand as Float32Array, shape) : copyOf(operand);
  });
  const { grad: got } = expected as { grad?: Record<string, Float32Array> };
  const grad: Record<string, Float32Array | ResidentBatch> = {};
  for (const name of ["features", "weights", "bias"] as const) {
    if (!got?.[name]) continue;
    const before = Float32Array.from({ length: sizes[name] }, (_, i) => (accumulate ? (i % 5) - 2 : Number.NaN));
    grad[name] = resident ? put(before, shapes[name]) : before;
  }
  const some = Object.keys(grad).length > 0;
  const more = some ? { grad, ...(accumulate && { accumulate }) } : { grad: false };
  // What is added to gradients is judged by the reference; elsewhere it has the bits of the first call.
  const target = accumulate && some ? checkedK : k;
  const result = (target[operation.name] as Method).call(target, ...placed, { ...options, ...more });
  const { grad: mine, ...others } = result as { grad?: Record<string, unknown> };
  const { grad: _, ...first } = expected as object & { grad?: unknown };
  same(place, others, first);
  if (some && !accumulate) same(`${place}: gradients`, mine, got);
  for (const [i, operand] of operands.entries()) {
    if (typeof operand !== "number") same(`${place}: operand ${i}`, placed[i], operand);
  }
  for (const batch of batches) batch.free();
  if (k.memory.used !== used) throw new Error(`${place}: ${k.memory.used} bytes in use, ${used} before`);
}

function copyOf(operand: Operand): Operand {
  return typeof operand === "number" ? operand : operand.slice();
}

function put(k: Xentropy, data: Float32Array, { shape }: Layout): ResidentBatch {
  const batch = k.alloc(shape);
  batch.set(data);
  return batch;
}

/** A case in words, for a report. */
export function describeCase(given: Case): string {
  const { operation, options } = draw(given) ?? {};
  const { shape, axis, ...rest } = options ?? {};
  const said = Object.entries(rest).map(([name, value]) => `${name}: ${ArrayBuffer.isView(value) ? "array" : value}`);
  return `${operation?.name}, shape [${shape}], axis ${axis}, ${given.place}; ${said.join(", ")}`;
}
