import { termOf } from "./distillation";
import { loadPair, upper } from "./math/lanes";
import { padToFours, quadsOf, subtractOfFour, TURNED, turn } from "./narrow";
import { logsOfQuads, MAXIMA, RECORD, RESTS, SUMS, spacing } from "./quad";
import { transpose } from "./transpose";

/**
 * softmaxKlDivergence of rows of 1 to NARROW columns, as many as make quads (quad.ts), with the bits that it has for each.
 * x, y, grad, scales, losses, rows: as there. recordsX, recordsY: QUADS_BYTES each; e: 8·QUADS·NARROW floats, for the
 * exponentials of both. Returns the rows that are done.
 */
export function klOfNarrow(
  x: usize,
  y: usize,
  grad: usize,
  scales: usize,
  losses: usize,
  rows: usize,
  cols: usize,
  recordsX: usize,
  recordsY: usize,
  e: usize,
): usize {
  const next = spacing(cols);
  const turnedX = recordsX + TURNED;
  const turnedY = recordsY + TURNED;
  let row: usize = 0;
  for (let quads = quadsOf(rows); quads > 0; row += 4 * quads, quads = quadsOf(rows - row)) {
    const other = e + quads * next;
    const at = row * (cols << 2);
    turn(x + at, turnedX, cols, quads);
    turn(y + at, turnedY, cols, quads);
    logsOfQuads(turnedX, cols, 16, next, quads, e, recordsX);
    logsOfQuads(turnedY, cols, 16, next, quads, other, recordsY);
    for (let q: usize = 0; q < quads; q++) {
      const place = row + 4 * q;
      const p = recordsX + q * RECORD;
      const r = recordsY + q * RECORD;
      klOfFour(turnedX + q * next, turnedY + q * next, other + q * next, cols, p, r, losses + (place << 3));
    }
    if (!grad) continue;
    for (let q: usize = 0; q < quads; q++) {
      const place = row + 4 * q;
      const by = scales + (place << 3);
      const p = recordsX + q * RECORD;
      const r = recordsY + q * RECORD;
      const from = e + q * next;
      subtractOfFour(
        from,
        other + q * next,
        cols,
        f64x2.mul(v128.load(p, SUMS), v128.load(by)),
        f64x2.mul(v128.load(p, SUMS + 16), v128.load(by, 16)),
        f64x2.mul(v128.load(r, SUMS), v128.load(by)),
        f64x2.mul(v128.load(r, SUMS + 16), v128.load(by, 16)),
      );
      transpose(from, 4, grad + place * (cols << 2), cols, cols, 4);
    }
  }
  return row;
}

/** Four rows' losses: Σ p_j·((y_j − max_y) − (x_j − max_x)) and the difference of the logarithms. */
function klOfFour(x: usize, y: usize, e: usize, classes: usize, recordX: usize, recordY: usize, losses: usize): void {
  const maxX = v128.load(recordX, MAXIMA);
  const maxY = v128.load(recordY, MAXIMA);
  padToFours(x, classes);
  padToFours(y, classes);
  padToFours(e, classes);
  klOfTwo(x, y, e, classes, maxX, maxY, recordX, recordY, losses);
  klOfTwo(x + 8, y + 8, e + 8, classes, upper(maxX), upper(maxY), recordX + 16, recordY + 16, losses + 16);
}

function klOfTwo(
  x: usize,
  y: usize,
  e: usize,
  classes: usize,
  maxX: v128,
  maxY: v128,
  recordX: usize,
  recordY: usize,
  losses: usize,
): void {
  const sum = gapsOfTwo(x, y, e, classes, f64x2.promote_low_f32x4(maxX), f64x2.promote_low_f32x4(maxY));
  const gap = f64x2.mul(sum, v128.load(recordY, SUMS));
  const loss = f64x2.add(gap, f64x2.sub(v128.load(recordX, RESTS), v128.load(recordY, RESTS)));
  v128.store(losses, f64x2.max(loss, f64x2.splat(0)));
}

/** The sums that gap makes of one row, class c in lane c mod 4, for two. */
function gapsOfTwo(x: usize, y: usize, e: usize, classes: usize, maxX: v128, maxY: v128): v128 {
  let s0 = f64x2.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  for (const end = x + (classes << 4); x < end; x += 64, y += 64, e += 64) {
    s0 = f64x2.add(s0, termOf(loadPair(x), loadPair(y), loadPair(e), maxX, maxY));
    s1 = f64x2.add(s1, termOf(loadPair(x + 16), loadPair(y + 16), loadPair(e + 16), maxX, maxY));
    s2 = f64x2.add(s2, termOf(loadPair(x + 32), loadPair(y + 32), loadPair(e + 32), maxX, maxY));
    s3 = f64x2.add(s3, termOf(loadPair(x + 48), loadPair(y + 48), loadPair(e + 48), maxX, maxY));
  }
  return f64x2.add(f64x2.add(s0, s2), f64x2.add(s1, s3));
}
