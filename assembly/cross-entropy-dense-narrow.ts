import { gapOf } from "./cross-entropy-general";
import { loadPair, upper } from "./math/lanes";
import { padToFours, quadsOf, subtractOfFour, TURNED, turn } from "./narrow";
import { findMaxima, logsOfMaxima, MAXIMA, OWN, RECORD, RESTS, SUMS, spacing } from "./quad";
import { transpose } from "./transpose";

/**
 * Softmax cross-entropy with dense targets of rows of 1 to NARROW columns, as many as make quads (quad.ts), with the bits
 * that softmaxCrossEntropyGeneral has for each. x, t, grad, scales, losses, rows: as there; t's rows lie tStep bytes apart.
 * lanes: QUADS_BYTES; e: BLOCK floats, for the turned targets. Returns the rows that are done.
 */
export function denseOfNarrow(
  x: usize,
  t: usize,
  tStep: usize,
  grad: usize,
  scales: usize,
  losses: usize,
  rows: usize,
  cols: usize,
  lanes: usize,
  e: usize,
): usize {
  const turned = lanes + TURNED;
  const next = spacing(cols);
  let row: usize = 0;
  for (let quads = quadsOf(rows); quads > 0; row += 4 * quads, quads = quadsOf(rows - row)) {
    turn(x + row * (cols << 2), turned, cols, quads);
    findMaxima(turned, cols, 16, next, quads, lanes);
    for (let q: usize = 0; q < quads; q++) {
      const at = e + q * next;
      transpose(t + (row + 4 * q) * tStep, tStep >> 2, at, 4, 4, cols);
      padToFours(at, cols);
      const max = v128.load(lanes + q * RECORD, MAXIMA);
      const level = v128.andnot(max, f32x4.eq(max, f32x4.splat(-Infinity)));
      targetsOfTwo(turned + q * next, at, cols, level, lanes + q * RECORD + OWN);
      targetsOfTwo(turned + q * next + 8, at + 8, cols, upper(level), lanes + q * RECORD + OWN + 32);
    }
    logsOfMaxima(turned, cols, 16, next, quads, turned, lanes);
    for (let q: usize = 0; q < quads; q++) {
      const record = lanes + q * RECORD;
      const at = row + 4 * q;
      const low = v128.load(scales + (at << 3));
      const high = v128.load(scales + (at << 3), 16);
      lossesOfTwo(low, record, lanes + q * RECORD + OWN, losses + (at << 3));
      lossesOfTwo(high, record + 16, lanes + q * RECORD + OWN + 32, losses + (at << 3) + 16);
      if (!grad) continue;
      const p = turned + q * next;
      subtractOfFour(p, e + q * next, cols, v128.load(record, SUMS), v128.load(record, SUMS + 16), low, high);
      transpose(p, 4, grad + at * (cols << 2), cols, cols, 4);
    }
  }
  return row;
}

/**
 * Σ t·(max − x) and Σ t of two positions, to `sums` and 16 bytes on; class c in lane c mod 4, as in sumTargets. Up to a
 * multiple of four classes the targets are 0.
 */
function targetsOfTwo(x: usize, t: usize, classes: usize, max: v128, sums: usize): void {
  const m = f64x2.promote_low_f32x4(max);
  let gap0 = f64x2.splat(0);
  let gap1 = gap0;
  let gap2 = gap0;
  let gap3 = gap0;
  let mass0 = gap0;
  let mass1 = gap0;
  let mass2 = gap0;
  let mass3 = gap0;
  for (const end = x + (classes << 4); x < end; x += 64, t += 64) {
    const t0 = loadPair(t);
    const t1 = loadPair(t + 16);
    const t2 = loadPair(t + 32);
    const t3 = loadPair(t + 48);
    gap0 = f64x2.add(gap0, gapOf(loadPair(x), t0, m));
    gap1 = f64x2.add(gap1, gapOf(loadPair(x + 16), t1, m));
    gap2 = f64x2.add(gap2, gapOf(loadPair(x + 32), t2, m));
    gap3 = f64x2.add(gap3, gapOf(loadPair(x + 48), t3, m));
    mass0 = f64x2.add(mass0, t0);
    mass1 = f64x2.add(mass1, t1);
    mass2 = f64x2.add(mass2, t2);
    mass3 = f64x2.add(mass3, t3);
  }
  v128.store(sums, f64x2.add(f64x2.add(gap0, gap2), f64x2.add(gap1, gap3)));
  v128.store(sums, f64x2.add(f64x2.add(mass0, mass2), f64x2.add(mass1, mass3)), 16);
}

/** Two rows' losses; and to `lanes`, in place of the shares, what stored exponentials are multiplied by. */
function lossesOfTwo(scale: v128, lanes: usize, sums: usize, losses: usize): void {
  const mass = v128.load(sums, 16);
  v128.store(losses, f64x2.add(v128.load(sums), f64x2.mul(v128.load(lanes, RESTS), mass)));
  v128.store(lanes, f64x2.mul(v128.load(lanes, SUMS), f64x2.mul(mass, scale)), SUMS);
}
