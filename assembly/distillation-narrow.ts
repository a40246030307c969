import {
  far,
  isFar,
  leastGapOf,
  leastOf,
  logRatio,
  lossesOf,
  offsetsOf,
  phiOf,
  powerOf,
  reducedOf,
} from "./distillation-terms";
import { loadPair, upper } from "./math/lanes";
import { quadsOf, subtractOfFour, TURNED, turn } from "./narrow";
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

/** Four rows' losses. */
function klOfFour(x: usize, y: usize, e: usize, classes: usize, recordX: usize, recordY: usize, losses: usize): void {
  const maxX = v128.load(recordX, MAXIMA);
  const maxY = v128.load(recordY, MAXIMA);
  klOfTwo(x, y, e, classes, maxX, maxY, recordX, recordY, losses);
  klOfTwo(x + 8, y + 8, e + 8, classes, upper(maxX), upper(maxY), recordX + 16, recordY + 16, losses + 16);
}

/**
 * The losses of two rows, whose terms are added as addTerms adds those of one: in four lanes, of which each class takes the
 * next.
 */
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
  const mx = f64x2.promote_low_f32x4(maxX);
  const my = f64x2.promote_low_f32x4(maxY);
  const logX = v128.load(recordX, RESTS);
  const logY = v128.load(recordY, RESTS);
  const c = offsetsOf(logY, logX);
  const factor = v128.load(recordY, SUMS);
  const least = leastOf(factor);
  const floor = leastGapOf(logY);
  let sum = f64x2.splat(0);
  let mean = sum;
  let s0 = sum;
  let s1 = sum;
  let s2 = sum;
  let m0 = sum;
  let m1 = sum;
  let m2 = sum;
  let most = sum;
  for (const end = x + (classes << 4); x < end; x += 16, y += 16, e += 16) {
    const gapX = f64x2.sub(loadPair(x), mx);
    const gapY = f64x2.sub(loadPair(y), my);
    const u = logRatio(gapX, gapY, c, floor);
    const k = powerOf(u);
    most = f64x2.pmax(most, f64x2.sub(gapY, gapX));
    const p = f64x2.pmax(loadPair(e), least);
    const s = f64x2.add(sum, f64x2.mul(p, phiOf(u, k, reducedOf(u, k))));
    const m = f64x2.add(mean, f64x2.mul(p, u));
    sum = s0;
    s0 = s1;
    s1 = s2;
    s2 = s;
    mean = m0;
    m0 = m1;
    m1 = m2;
    m2 = m;
  }
  sum = f64x2.add(f64x2.add(sum, s1), f64x2.add(s0, s2));
  mean = f64x2.add(f64x2.add(mean, m1), f64x2.add(m0, m2));
  if (isFar(most)) {
    const start = classes << 4;
    const first = far(x - start, y - start, 16, classes, mx, my, c, floor);
    const second = far(x - start + 4, y - start + 4, 16, classes, upper(mx), upper(my), upper(c), upper(floor));
    const rare = f64x2.mul(f64x2.replace_lane(f64x2.splat(first), 1, second), least);
    sum = f64x2.add(sum, rare);
    mean = f64x2.add(mean, rare);
  }
  sum = f64x2.mul(sum, factor);
  mean = f64x2.mul(mean, factor);
  v128.store(losses, lossesOf(sum, mean));
}
