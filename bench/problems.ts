// The numbers that operations are measured on: seeded, so that every run, contender and engine sees the same.

import { normal, uniform } from "../src/cli/random.js";
import type { Rows } from "./rivals/rows.js";

/** Kinds of operands. */
export type Given =
  | "logits"
  | "other logits"
  | "probabilities"
  | "other probabilities"
  | "log-probabilities"
  | "gradient"
  | "unit"
  | "soft targets"
  | "hard targets";

/** How logits are spread: N(0, 9), where many classes share a row's mass; or U(±100), where most results are subnormal or 0. */
export const SPREADS = ["normal", "wide"] as const;
export type Spread = (typeof SPREADS)[number];

/** A shape and the axis that the classes lie on, as outer × classes × inner. */
export type Layout = readonly [outer: number, classes: number, inner: number];

export interface Problem extends Rows {
  readonly shape: readonly number[];
  readonly axis: number;
  readonly layout: Layout;
  /** What a mean divides by. */
  readonly positions: number;
}

/** Numbers repeat after so many: a prime, which no other row length divides. */
const PERIOD = 65537;

const pools = new Map<string, Float32Array>();

function pool(kind: Spread | "unit" | "hard" | "gauss", seed: number): Float32Array {
  const key = `${kind} ${seed}`;
  let numbers = pools.get(key);
  if (!numbers) {
    const random = uniform(seed);
    const gauss = normal(random);
    const draw = {
      normal: () => 3 * gauss(),
      wide: () => 200 * random() - 100,
      // Away from 0 and 1, where a target would hide what a logarithm costs.
      unit: () => 0.001 + 0.998 * random(),
      hard: () => Math.round(random()),
      gauss,
    }[kind];
    numbers = Float32Array.from({ length: PERIOD }, draw);
    pools.set(key, numbers);
  }
  return numbers;
}

function repeat(numbers: Float32Array, length: number): Float32Array {
  const filled = new Float32Array(length);
  for (let at = 0; at < length; at += PERIOD) filled.set(numbers.subarray(0, Math.min(PERIOD, length - at)), at);
  return filled;
}

/** Turns logits into probabilities or their logarithms along the class axis, in float64. */
function normalise(logits: Float32Array, [outer, classes, inner]: Layout, log: boolean): Float32Array {
  for (let slab = 0; slab < outer; slab++) {
    for (let j = 0; j < inner; j++) {
      const start = slab * classes * inner + j;
      let max = -Infinity;
      let sum = 0;
      for (let c = 0, i = start; c < classes; c++, i += inner) if (logits[i] > max) max = logits[i];
      for (let c = 0, i = start; c < classes; c++, i += inner) sum += Math.exp(logits[i] - max);
      const lse = max + Math.log(sum);
      for (let c = 0, i = start; c < classes; c++, i += inner)
        logits[i] = log ? logits[i] - lse : Math.exp(logits[i] - lse);
    }
  }
  return logits;
}

function numbersOf(kind: Given | undefined, length: number, layout: Layout, spread: Spread): Float32Array {
  switch (kind) {
    case "logits":
      return repeat(pool(spread, 1), length);
    case "other logits":
      return repeat(pool(spread, 2), length);
    case "log-probabilities":
      return normalise(repeat(pool(spread, 1), length), layout, true);
    case "probabilities":
    case "other probabilities": {
      const logits = repeat(pool(spread, kind === "probabilities" ? 3 : 4), length);
      // At ±50 the smallest probabilities are subnormal; at ±100 they would be 0, and a divergence of them infinite.
      if (spread === "wide") for (let i = 0; i < length; i++) logits[i] /= 2;
      return normalise(logits, layout, false);
    }
    case "gradient":
      return repeat(pool("gauss", 5), length);
    case "unit":
      return repeat(pool("unit", 6), length);
    case "soft targets":
      return repeat(pool("unit", 8), length);
    case "hard targets":
      return repeat(pool("hard", 8), length);
    case undefined:
      return new Float32Array(0);
  }
}

/** What a problem is made of: see Operation. */
interface Wanted {
  readonly form: "rows" | "elements";
  readonly x: Given;
  readonly y?: Given;
  readonly result: "output" | "values" | "fresh";
  readonly per?: (classes: number) => number;
}

function layoutOf(shape: readonly number[], axis: number): Layout {
  const at = axis < 0 ? axis + shape.length : axis;
  const product = (sizes: readonly number[]) => sizes.reduce((a, b) => a * b, 1);
  return [product(shape.slice(0, at)), shape[at], product(shape.slice(at + 1))];
}

export function makeProblem(wanted: Wanted, shape: readonly number[], axis: number, spread: Spread): Problem {
  const length = shape.reduce((a, b) => a * b, 1);
  const rows = wanted.form === "rows";
  const layout = rows ? layoutOf(shape, axis) : ([1, length, 1] as const);
  const [outer, classes, inner] = layout;
  const positions = rows ? outer * inner : length;
  const random = uniform(7);
  const values = rows && wanted.result !== "output" ? positions * (wanted.per?.(classes) ?? 1) : 0;
  return {
    shape,
    axis,
    layout,
    positions,
    rows: outer,
    columns: inner === 1 ? classes : 0,
    x: numbersOf(wanted.x, length, layout, spread),
    y: numbersOf(wanted.y, length, layout, spread),
    labels: Int32Array.from({ length: rows ? positions : 0 }, () => Math.floor(random() * classes)),
    output: new Float32Array(wanted.result === "output" || !rows ? length : 0),
    values: new Float32Array(values),
    indices: new Int32Array(values),
  };
}
