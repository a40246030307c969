// The rivals on a class axis that isn't the last: strips of neighbouring positions are turned into rows and back. Walking a
// row at a stride instead is slower (every element in a cache line, and often a page, of its own).

import type { Rows, RowsRival } from "./rows.js";

/** Positions of a strip: two cache lines of floats. */
const WIDTH = 32;

/** `given` is a batch [outer, classes, inner]; its rows and columns don't count. `per`: values a position. */
export function across(
  rival: RowsRival,
  given: Rows,
  [outer, classes, inner]: readonly number[],
  share: number,
  per: number,
): number {
  const strip = stripOf(classes, per);
  let loss = 0;
  for (let slab = 0; slab < outer; slab++) {
    for (let from = 0; from < inner; from += WIDTH) {
      const rows = Math.min(WIDTH, inner - from);
      const at = slab * classes * inner + from;
      const position = slab * inner + from;
      gather(given.x, at, inner, strip.x, rows, classes);
      if (given.y.length > 0) gather(given.y, at, inner, strip.y, rows, classes);
      loss += rival({ ...strip, rows, labels: given.labels.subarray(position, position + rows) }, share);
      if (given.output.length > 0) scatter(strip.output, rows, classes, given.output, at, inner);
      if (given.values.length > 0) {
        scatter(strip.values, rows, per, given.values, slab * per * inner + from, inner);
        scatter(strip.indices, rows, per, given.indices, slab * per * inner + from, inner);
      }
    }
  }
  return loss;
}

type Numbers = Float32Array | Int32Array;

function gather(from: Numbers, at: number, inner: number, to: Numbers, rows: number, classes: number): void {
  for (let c = 0; c < classes; c++) {
    for (let r = 0, i = at + c * inner, o = c; r < rows; r++, i++, o += classes) to[o] = from[i];
  }
}

function scatter(from: Numbers, rows: number, classes: number, to: Numbers, at: number, inner: number): void {
  for (let c = 0; c < classes; c++) {
    for (let r = 0, i = at + c * inner, o = c; r < rows; r++, i++, o += classes) to[i] = from[o];
  }
}

/** Kept from call to call. */
let kept: Rows | undefined;

function stripOf(classes: number, per: number): Rows {
  if (kept?.columns !== classes || kept.values.length !== WIDTH * per) {
    kept = {
      rows: WIDTH,
      columns: classes,
      x: new Float32Array(WIDTH * classes),
      y: new Float32Array(WIDTH * classes),
      labels: new Int32Array(0),
      output: new Float32Array(WIDTH * classes),
      values: new Float32Array(WIDTH * per),
      indices: new Int32Array(WIDTH * per),
    };
  }
  return kept;
}
