import { gapOf } from "./cross-entropy-general";
import { loadPair, upper } from "./math/lanes";
import { LANES_BYTES, NARROW, padToFours, sharesOfFour, subtractOfFour, turnOfFour } from "./quad";
import { transpose } from "./transpose";

/**
 * Softmax cross-entropy with dense targets of four rows of 1 to NARROW columns, side by side, with the bits that
 * softmaxCrossEntropyGeneral has for each. x, t, grad, scales, losses: as there, at the first of the four; t's rows lie
 * tStep bytes apart. lanes: STATE_BYTES; e: BLOCK floats, for the turned targets and their sums.
 */
export function denseOfFour(
  x: usize,
  t: usize,
  tStep: usize,
  grad: usize,
  scales: usize,
  losses: usize,
  cols: usize,
  lanes: usize,
  e: usize,
): void {
  const turned = lanes + LANES_BYTES;
  const sums = e + (NARROW << 4);
  transpose(t, tStep >> 2, e, 4, 4, cols);
  padToFours(e, cols);
  const max = turnOfFour(x, turned, cols);
  const level = v128.andnot(max, f32x4.eq(max, f32x4.splat(-Infinity)));
  targetsOfTwo(turned, e, cols, level, sums);
  targetsOfTwo(turned + 8, e + 8, cols, upper(level), sums + 32);
  sharesOfFour(turned, cols, 16, max, turned, lanes);
  lossesOfTwo(v128.load(scales), lanes, sums, losses);
  lossesOfTwo(v128.load(scales, 16), lanes + 16, sums + 32, losses + 16);
  if (!grad) return;
  subtractOfFour(turned, e, cols, v128.load(lanes), v128.load(lanes, 16), v128.load(scales), v128.load(scales, 16));
  transpose(turned, 4, grad, cols, cols, 4);
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
  v128.store(losses, f64x2.add(v128.load(sums), f64x2.mul(v128.load(lanes, 32), mass)));
  v128.store(lanes, f64x2.mul(v128.load(lanes), f64x2.mul(mass, scale)));
}
