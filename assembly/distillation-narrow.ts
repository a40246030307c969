import { termOf } from "./distillation";
import { loadPair, upper } from "./math/lanes";
import { LANES_BYTES, NARROW, padToFours, sharesOfFour, subtractOfFour, turnOfFour } from "./quad";
import { transpose } from "./transpose";

/**
 * softmaxKlDivergence of four rows of 1 to NARROW columns, side by side, with the bits that it has for each. x, y, grad,
 * scales, losses: as there, at the first of the four. lanesX, lanesY: STATE_BYTES each, for the student's and the teacher's
 * sums and turned logits; e: 8·NARROW floats, for their exponentials.
 */
export function klOfFour(
  x: usize,
  y: usize,
  grad: usize,
  scales: usize,
  losses: usize,
  cols: usize,
  lanesX: usize,
  lanesY: usize,
  e: usize,
): void {
  const turnedX = lanesX + LANES_BYTES;
  const turnedY = lanesY + LANES_BYTES;
  const other = e + (NARROW << 4);
  const maxX = turnOfFour(x, turnedX, cols);
  const maxY = turnOfFour(y, turnedY, cols);
  sharesOfFour(turnedX, cols, 16, maxX, e, lanesX);
  sharesOfFour(turnedY, cols, 16, maxY, other, lanesY);
  padToFours(turnedX, cols);
  padToFours(turnedY, cols);
  padToFours(other, cols);
  lossesOfTwo(turnedX, turnedY, other, cols, maxX, maxY, lanesX, lanesY, losses);
  lossesOfTwo(
    turnedX + 8,
    turnedY + 8,
    other + 8,
    cols,
    upper(maxX),
    upper(maxY),
    lanesX + 16,
    lanesY + 16,
    losses + 16,
  );
  if (!grad) return;
  const low = v128.load(scales);
  const high = v128.load(scales, 16);
  subtractOfFour(
    e,
    other,
    cols,
    f64x2.mul(v128.load(lanesX), low),
    f64x2.mul(v128.load(lanesX, 16), high),
    f64x2.mul(v128.load(lanesY), low),
    f64x2.mul(v128.load(lanesY, 16), high),
  );
  transpose(e, 4, grad, cols, cols, 4);
}

/** Two rows' losses: Σ p_j·((y_j − max_y) − (x_j − max_x)) and the difference of the logarithms. */
function lossesOfTwo(
  x: usize,
  y: usize,
  e: usize,
  classes: usize,
  maxX: v128,
  maxY: v128,
  lanesX: usize,
  lanesY: usize,
  losses: usize,
): void {
  const sum = gapsOfTwo(x, y, e, classes, f64x2.promote_low_f32x4(maxX), f64x2.promote_low_f32x4(maxY));
  const gap = v128.bitselect(sum, f64x2.mul(sum, v128.load(lanesY)), f64x2.eq(sum, f64x2.splat(Infinity)));
  v128.store(losses, f64x2.add(gap, f64x2.sub(v128.load(lanesX, 32), v128.load(lanesY, 32))));
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
