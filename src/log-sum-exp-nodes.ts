import { BLOCK, NODE_BYTES, STATE_NODE } from "./backend/backend.js";
import type { Context } from "./context.js";
import type { StateNode } from "./log-sum-exp-data.js";
import { newDoubles } from "./outputs.js";

/**
 * Sums of exponentials over runs of columns, for several rows: what a LogSumExpState knows of them. Each run is a node:
 * its maximum, the exponential of that, and the sum of the others (assembly/row.ts), a row after the other.
 */

/** The node values of `count` columns within one block, the rows `step` floats apart. */
export function sumOf(
  { kernels, arena, work }: Context,
  rows: number,
  source: Float32Array,
  from: number,
  step: number,
  count: number,
): Float64Array {
  const values = newDoubles(rows * 3);
  const x = work.tile(0);
  for (let row = 0; row < rows; row++) {
    const start = from + row * step;
    work.copyIn(source, start, count, x);
    kernels.begin(work.state);
    kernels.accumulateSums(work.state, x, work.exponentials, count);
    const node = (work.state + STATE_NODE) >>> 3;
    values.set(arena.f64.subarray(node, node + 3), row * 3);
    // Sums are NaN for a NaN and for an infinity. Which it was the maximum has to say, which ignores NaN: so it is made NaN.
    if (Number.isNaN(values[row * 3 + 2]) && source.subarray(start, start + count).some(Number.isNaN)) {
      values[row * 3] = Number.NaN;
    }
  }
  return values;
}

/** The node values of two neighbouring runs together. */
function joined({ kernels, arena, work }: Context, a: Float64Array, b: Float64Array): Float64Array {
  const { f64 } = arena;
  const left = work.state + STATE_NODE;
  const right = left + NODE_BYTES;
  f64.fill(0, left >>> 3, (right + NODE_BYTES) >>> 3);
  const values = newDoubles(a.length);
  for (let at = 0; at < a.length; at += 3) {
    f64.set(a.subarray(at, at + 3), left >>> 3);
    f64.set(b.subarray(at, at + 3), right >>> 3);
    kernels.combine(left, right);
    values.set(f64.subarray(left >>> 3, (left >>> 3) + 3), at);
    if (Number.isNaN(a[at]) || Number.isNaN(b[at])) values[at] = Number.NaN;
  }
  return values;
}

/** Nodes that `carry` looks at, at most: each that it joins doubles the columns, of which there are fewer than 2^53. */
export const REACH = 64;

/**
 * Puts a node behind others in order. Two halves of an aligned run of blocks become one, as the binary counter of a whole row
 * carries. Whether it stays as it is: then what has followed it elsewhere can follow it here.
 */
export function carry(context: Context, nodes: StateNode[], node: StateNode): boolean {
  let all = node;
  for (let before = nodes.at(-1); before && areHalves(before, all); before = nodes.at(-1)) {
    all = { from: before.from, to: all.to, values: joined(context, before.values, all.values) };
    nodes.pop();
  }
  nodes.push(all);
  return all === node;
}

/** Whether two nodes are the halves of 2^k whole blocks at a multiple of as many. */
function areHalves(a: StateNode, b: StateNode): boolean {
  const size = b.to - b.from;
  return Number.isInteger(Math.log2(size / BLOCK)) && a.to - a.from === size && a.from % (2 * size) === 0;
}

/** The node values of all columns: nodes joined from the right. */
export function totalOf(context: Context, rows: number, nodes: readonly StateNode[]): Float64Array {
  if (nodes.length === 0) return newDoubles(rows * 3).map((_, i) => (i % 3 ? 0 : -Infinity));
  return nodes.map(({ values }) => values).reduceRight((right, left) => joined(context, left, right));
}

/** Writes a row's node where kernels expect a finished state's. `some`: whether there are any columns. */
export function placeNode({ arena }: Context, values: Float64Array, row: number, state: number, some: boolean): void {
  const { f64, i32 } = arena;
  const at = (state + STATE_NODE) >>> 3;
  // Blocks so far: what counts is whether there are any.
  i32[state >>> 2] = some ? 1 : 0;
  f64.fill(0, at, at + NODE_BYTES / 8);
  f64.set(values.subarray(row * 3, row * 3 + 3), at);
}
