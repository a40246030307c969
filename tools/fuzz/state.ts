// A state of log-sum-exps: rows are cut into parts, each part is added in chunks to a state of its own, the states are
// stored, read again and merged in any order. Then each part is a shard, whose cross-entropy takes the state.

import type { FloatBatch, LogSumExpState, StateData, Xentropy } from "xentropy";
import * as reference from "xentropy/reference";
import { distance } from "../support/ulp.js";
import type { Case, Drawn } from "./case.js";
import { Places } from "./places.js";
import type { Random } from "./random.js";
import { same } from "./same.js";
import { BLOCK } from "./values.js";

/** ULP that sums may be off by where cuts lie within blocks. */
const BOUND = 4;

/** softmaxCrossEntropy, whose options aren't known. */
type CrossEntropy = (x: unknown, labels: unknown, options: object) => { readonly grad?: Float32Array };

export function runState(given: Case, drawn: Drawn, random: Random, k: Xentropy, checkedK: Xentropy): void {
  const { layout, operands, options } = drawn;
  const [x, labels] = operands as [Float32Array, Int32Array];
  const { size, classes } = layout;
  const rows = size / classes;
  const whole = { shape: [rows, classes], axis: -1 };
  const part = (from: number, to: number) => columns(x, rows, from, to);
  const places = new Places(k, given.place, random);
  const aligned = random.oneIn(2);
  const cuts = cutsOf(random, classes, aligned ? BLOCK : 1);
  const states = cuts.slice(1).map((end, i) => {
    const state = k.logSumExpState(rows, { start: cuts[i] });
    while (state.end < end) {
      const to = Math.min(end, state.end + 1 + random.below(random.pick([10, 3000, 10_000])));
      const shape = [rows, to - state.end];
      // Where there are no rows, the shape alone says how many columns there are.
      const chunk = places.put(part(state.end, to), shape);
      state.add(rows === 0 ? { data: new Float32Array(0), shape } : (chunk as FloatBatch));
    }
    return state;
  });
  const state = merged(states, random, k);
  same("columns", { start: state.start, end: state.end }, { start: 0, end: classes });
  const known = labels.map((label) => Math.max(0, label));
  const sums = {
    value: state.value(),
    loss: state.loss(Float32Array.from(known, (label, row) => x[row * classes + label])),
  };
  if (aligned) {
    const { loss } = k.softmaxCrossEntropy(x, known, { ...whole, reduction: "none" });
    same("the state of whole blocks", sums, { value: checkedK.logSumExp(x, whole), loss });
  } else judge(sums, x, known, whole.shape);
  const all = crossEntropyOf(k)(x, labels, { ...options, ...whole });
  for (const [i, to] of cuts.slice(1).entries()) {
    const from = cuts[i];
    const shape = [rows, to - from];
    const settings = { ...options, shape, axis: -1, state, start: from };
    const own = part(from, to);
    const expected = crossEntropyOf(checkedK)(own, labels, settings);
    // Class weights of whole rows are multiplied elsewhere.
    if (aligned && expected.grad && all.grad && !options.classWeights)
      same(`columns ${from} to ${to}`, expected.grad, columns(all.grad, rows, from, to));
    const placed = places.put(own, shape);
    const grad = given.place.endsWith("in place") ? placed : places.put(own, shape);
    const more = expected.grad && { grad };
    const result = crossEntropyOf(k)(placed, places.put(labels, [rows]), { ...settings, ...more });
    same(`columns ${from} to ${to}, ${given.place}`, result, expected);
  }
  places.close();
}

function crossEntropyOf(k: Xentropy): CrossEntropy {
  return k.softmaxCrossEntropy.bind(k) as CrossEntropy;
}

/** Where rows are cut into one to four parts, some of them empty: at multiples of `unit`. */
function cutsOf(random: Random, classes: number, unit: number): number[] {
  const inner = Array.from({ length: random.below(4) }, () => unit * random.below(Math.floor(classes / unit) + 1));
  return [0, ...inner.sort((a, b) => a - b), classes];
}

/** Some columns of each row, as an array of their own. */
function columns(x: Float32Array, rows: number, from: number, to: number): Float32Array {
  const all = rows === 0 ? 0 : x.length / rows;
  const part = new Float32Array(rows * (to - from));
  for (let row = 0; row < rows; row++) part.set(x.subarray(row * all + from, row * all + to), row * (to - from));
  return part;
}

/** Neighbours merge until one state is left. */
function merged(states: LogSumExpState[], random: Random, k: Xentropy): LogSumExpState {
  const stored = (state: LogSumExpState) => JSON.parse(JSON.stringify(state)) as StateData;
  while (states.length > 1) {
    const i = random.below(states.length - 1);
    const [left, right] = states.splice(i, 2);
    const [one, other] = random.oneIn(2) ? [left, right] : [right, left];
    states.splice(i, 0, one.merge(random.oneIn(2) ? stored(other) : other));
  }
  return random.oneIn(2) ? k.logSumExpState(stored(states[0])) : states[0];
}

/** The log-sum-exp of each row, in units of |max| + log Σ, and the loss of a label. */
function judge(
  { value, loss }: { value: Float32Array; loss: Float32Array },
  x: Float32Array,
  labels: Int32Array,
  shape: readonly number[],
): void {
  const lse = reference.logSumExp(x, { shape });
  const losses = reference.softmaxCrossEntropy(x, labels, { shape, reduction: "none" }).loss;
  for (const [row, truth] of lse.entries()) {
    const [from, to] = [row, row + 1].map((n) => n * (shape.at(-1) ?? 0));
    const max = x.subarray(from, to).reduce((a, b) => Math.max(a, b), -Infinity);
    const size = Number.isFinite(truth) ? Math.abs(max) + truth - max : truth;
    for (const [name, got, expected, unit] of [
      ["value", value[row], truth, size],
      ["loss", loss[row], losses[row], losses[row]],
    ] as const) {
      const off = Math.abs(distance(got, expected, unit));
      if (!(off <= BOUND)) throw new Error(`${name} of row ${row} is ${got}, ${off} ULP from ${expected}`);
    }
  }
}
