import { softmaxCrossEntropyOfRows } from "./cross-entropy";
import { arePlain, crossEntropyOfQuads } from "./cross-entropy-quads";
import { quadsOf, TURNED, turn, turnBack } from "./narrow";
import { fourOf, RECORD, RESTS, SUMS, spacing } from "./quad";

/**
 * Softmax cross-entropy of rows of at most NARROW columns, as many as make quads, with the bits that
 * softmaxCrossEntropyOfRows has. Contract as there; state: QUADS_BYTES. Returns the rows that are done.
 */
export function crossEntropyOfNarrow(
  x: usize,
  grad: usize,
  labels: usize,
  scales: usize,
  scale: f64,
  losses: usize,
  rows: usize,
  cols: usize,
  state: usize,
): usize {
  const bytes = cols << 2;
  const turned = state + TURNED;
  const next = spacing(cols);
  let row: usize = 0;
  for (let quads = quadsOf(rows); quads > 0; row += 4 * quads, quads = quadsOf(rows - row)) {
    const by = scales ? scales + (row << 3) : 0;
    const y = labels + (row << 2);
    const loss = losses + (row << 3);
    const from = x + row * bytes;
    turn(from, turned, cols, quads);
    crossEntropyOfQuads(turned, cols, 16, next, quads, y, by, scale, loss, turned, state);
    if (!grad) continue;
    for (let q: usize = 0; q < quads; q++) {
      const at = q * (bytes << 2);
      const to = grad + row * bytes + at;
      if (arePlain(y + (q << 4), state + q * RECORD)) {
        gradientsOfFour(turned + q * next, to, y + (q << 4), cols, state + q * RECORD);
      } else {
        const factors = by ? by + (q << 5) : 0;
        softmaxCrossEntropyOfRows(from + at, to, y + (q << 4), factors, scale, loss + (q << 5), 4, cols, state, 0, 0);
      }
    }
  }
  return row;
}

function gradientsOfFour(e: usize, grad: usize, labels: usize, cols: usize, record: usize): void {
  const zero = f32x4.splat(0);
  turnBack(e, grad, cols, fourOf(record + SUMS), zero, zero);
  for (let i: usize = 0; i < 4; i++, grad += cols << 2) {
    const label = load<i32>(labels + (i << 2));
    if (label < 0) memory.fill(grad, 0, cols << 2);
    else store<f32>(grad + ((<usize>label) << 2), <f32>load<f64>(record + (i << 3), RESTS));
  }
}
