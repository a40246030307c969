import { type Batch, type FloatBatch, type List, positionShape, readList } from "./batch.js";
import { checkLength, refuse } from "./checks.js";
import { WeightError } from "./errors.js";
import type { Arena } from "./memory.js";
import { checkOwn, checkShape, type Shape, sizeOf } from "./shape.js";
import { copyStrided } from "./strided.js";

/** Weights: reading, checking and broadcasting them. */

/** Weights as an option takes them. */
export type Weights = readonly number[] | FloatBatch;

/** Reads one weight a class: finite, not negative. */
export function readClassWeights(value: unknown, batch: Batch, arena: Arena): Float32Array | undefined {
  if (value === undefined) return undefined;
  return readShaped(value, [batch.classes], "classWeights", arena);
}

/** Reads one weight a position: finite, not negative. */
export function readSampleWeights(value: unknown, batch: Batch, arena: Arena): Float32Array | undefined {
  if (value === undefined) return undefined;
  return readShaped(value, positionShape(batch), "sampleWeights", arena);
}

/** What the gradient of each position is multiplied by: one number, or one a position with `reduction: "none"`. */
export function readGradOutput(value: unknown, batch: Batch, none: boolean, arena: Arena): number | Float32Array {
  if (value === undefined) return 1;
  if (typeof value === "number") return Math.fround(value);
  if (!none) refuse("gradOutput", 'one number unless reduction is "none"', value, WeightError);
  return checkShaped(readList(value, "gradOutput", arena), positionShape(batch), "gradOutput");
}

/** The upstream factor of one position. */
export function upstreamAt(gradOutput: number | Float32Array, position: number): number {
  return typeof gradOutput === "number" ? gradOutput : gradOutput[position];
}

function readShaped(value: unknown, shape: Shape, name: string, arena: Arena): Float32Array {
  return checkWeights(checkShaped(readList(value, name, arena), shape, name), name);
}

/** Checks how many there are, and the shape that they came with. */
function checkShaped({ values, ownShape }: List, shape: Shape, name: string): Float32Array {
  const length = sizeOf(shape);
  checkLength(name, values.length, length, WeightError);
  checkOwn(ownShape, length, shape, name);
  return values;
}

function checkWeights(weights: Float32Array, name: string): Float32Array {
  for (let i = 0; i < weights.length; i++) {
    if (!(weights[i] >= 0 && weights[i] < Infinity)) {
      throw new WeightError(`${name} has ${weights[i]} at ${i}; weights are finite and not negative.`);
    }
  }
  return weights;
}

/** Weights that broadcast over a batch as in NumPy. */
export interface Broadcast {
  /** The array that they are read from. */
  readonly source: Float32Array;
  /** Writes the weights of n elements from `start` on. */
  expand(start: number, n: number, to: Float32Array, at: number): void;
}

/** Reads weights: one number, one for each element, one for each index of the last axis, or with a shape of their own. */
export function readBroadcast(value: unknown, batch: Batch, name: string, arena: Arena): Broadcast | undefined {
  if (value === undefined) return undefined;
  const { shape } = batch;
  const { values, ownShape } = readList(typeof value === "number" ? [value] : value, name, arena);
  const source = checkWeights(values, name);
  let sizes: Shape;
  if (ownShape !== undefined) sizes = checkShape(ownShape, source.length, name);
  else sizes = source.length === batch.length ? shape : [source.length];
  const missing = shape.length - sizes.length;
  if (missing < 0 || sizes.some((size, i) => size !== 1 && size !== shape[i + missing])) {
    throw new WeightError(`${name} has the shape [${sizes}], which does not broadcast over [${shape}].`);
  }
  return {
    source,
    expand(start, n, to, at) {
      if (source.length === batch.length) to.set(source.subarray(start, start + n), at);
      else if (source.length === 1) to.fill(source[0], at, at + n);
      else copyStrided(source, shape, stepsOf(sizes, shape.length), start, n, to, at);
    },
  };
}

/** Steps in weights of these sizes for a step along each of so many axes of a batch: 0 where they are repeated. */
function stepsOf(sizes: Shape, axes: number): number[] {
  const steps = new Array<number>(axes).fill(0);
  const missing = axes - sizes.length;
  for (let i = sizes.length - 1, step = 1; i >= 0; i--) {
    if (sizes[i] !== 1) steps[i + missing] = step;
    step *= sizes[i];
  }
  return steps;
}
