import { klOfNarrow } from "./distillation-narrow";
import { factorOf, floorOf, leastOf, logRatio, lossOf, offsetOf, phi } from "./distillation-terms";
import { expBlock } from "./math/exp-block";
import { loadLanes, loadPair, upper } from "./math/lanes";
import { max } from "./math/max";
import { subtract } from "./math/subtract";
import { BLOCK, total } from "./math/sum";
import { NARROW } from "./narrow";
import { begin, blockFactor, finish, pushSplit, rowLog, rowMax, rowTargets } from "./row";

/**
 * KL divergence of two softmaxes from their logits, the loss of knowledge distillation (Hinton et al., arXiv 1503.02531):
 *
 *   loss   = Σ p_j·log(p_j/q_j),  p = softmax(y) the teacher's, q = softmax(x) the student's
 *   grad_j = scale·(q_j − p_j)
 *
 * distillation-terms.ts says how the loss keeps its digits where p and q nearly agree.
 * The caller divides the logits by the temperature and multiplies loss and scale by its powers.
 *
 * x, y: rows × cols floats; grad may be x, 0 for none. scales, losses: an f64 a row. stateX, stateY: QUADS_BYTES each;
 * e: 2·room floats, room ≥ BLOCK. Rows of at most `room` columns leave their exponentials there from the first pass to the
 * second, the teacher's behind the student's; those of longer ones are computed twice.
 */
export function softmaxKlDivergence(
  x: usize,
  y: usize,
  grad: usize,
  scales: usize,
  losses: usize,
  rows: usize,
  cols: usize,
  stateX: usize,
  stateY: usize,
  e: usize,
  room: usize,
): void {
  const bytes = cols << 2;
  const kept = cols <= room;
  const other = e + (kept ? room << 2 : BLOCK << 2);
  let row: usize = 0;
  if (cols > 0 && cols <= NARROW) {
    row = klOfNarrow(x, y, grad, scales, losses, rows, cols, stateX, stateY, e);
    x += row * bytes;
    y += row * bytes;
  }
  for (; row < rows; row++, x += bytes, y += bytes) {
    const to = grad ? grad + row * bytes : 0;
    begin(stateX);
    begin(stateY);
    accumulate(stateX, stateY, x, y, e, other, cols, kept);
    finish(stateX);
    finish(stateY);
    const factor = load<f64>(scales + (row << 3));
    const sums = rowTargets(stateX);
    apply(stateX, stateY, x, y, to, e, other, cols, factor, sums, kept);
    store<f64>(losses + (row << 3), cols ? klLoss(sums) : 0);
  }
}

/** Takes n columns of both rows into their states. e: 2·BLOCK floats. */
export function klAccumulate(stateX: usize, stateY: usize, x: usize, y: usize, e: usize, n: usize): void {
  accumulate(stateX, stateY, x, y, e, e + (BLOCK << 2), n, false);
}

/** The student's exponentials to e, the teacher's to `other`; with `kept` each block's to a place of its own there. */
function accumulate(
  stateX: usize,
  stateY: usize,
  x: usize,
  y: usize,
  e: usize,
  other: usize,
  n: usize,
  kept: bool,
): void {
  for (let i: usize = 0; i < n; i += BLOCK) {
    const at = i << 2;
    const count = min(n - i, BLOCK);
    const place = kept ? at : 0;
    pushSplit(stateX, max(x + at, count), x + at, e + place, count, 0, 0);
    pushSplit(stateY, max(y + at, count), y + at, other + place, count, 0, 0);
  }
}

/**
 * Adds Σ p·φ(u) over n columns to the first of the two f64 at `sums`, Σ p·u to the second, and makes the gradient.
 * e: 2·BLOCK floats.
 */
export function klApply(
  stateX: usize,
  stateY: usize,
  x: usize,
  y: usize,
  grad: usize,
  e: usize,
  n: usize,
  scale: f64,
  sums: usize,
): void {
  apply(stateX, stateY, x, y, grad, e, e + (BLOCK << 2), n, scale, sums, false);
}

function apply(
  stateX: usize,
  stateY: usize,
  x: usize,
  y: usize,
  grad: usize,
  e: usize,
  other: usize,
  n: usize,
  scale: f64,
  sums: usize,
  kept: bool,
): void {
  // The exponentials that are kept are of whole rows: those of one block have its maxima.
  const single = kept && n <= BLOCK;
  const logX = rowLog(stateX);
  const logY = rowLog(stateY);
  for (let i: usize = 0; i < n; i += BLOCK) {
    const at = i << 2;
    const count = min(n - i, BLOCK);
    const maxY = single ? rowMax(stateY) : max(y + at, count);
    const place = kept ? at : 0;
    if (!kept) expBlock(y + at, other, count, maxY);
    const factorY = blockFactor(stateY, maxY);
    addTerms(x + at, y + at, other + place, count, rowMax(stateX), rowMax(stateY), logX, logY, factorOf(factorY), sums);
    if (grad) {
      const maxX = single ? rowMax(stateX) : max(x + at, count);
      if (!kept) expBlock(x + at, e, count, maxX);
      const factorX = blockFactor(stateX, maxX);
      subtract(e + place, other + place, grad + at, count, factorX * scale, factorY * scale);
    }
  }
}

/** The loss, given the address of the sums over all columns. */
export function klLoss(sums: usize): f64 {
  return lossOf(load<f64>(sums), load<f64>(sums, 8));
}

/** Adds a block's two sums. e: the teacher's exponentials. */
function addTerms(
  x: usize,
  y: usize,
  e: usize,
  n: usize,
  maxX: f32,
  maxY: f32,
  logX: f64,
  logY: f64,
  factor: f64,
  sums: usize,
): void {
  const mx = f64x2.splat(<f64>maxX);
  const my = f64x2.splat(<f64>maxY);
  const c = f64x2.splat(offsetOf(logY, logX));
  const least = leastOf(f64x2.splat(factor));
  const floor = floorOf(f64x2.splat(logY));
  let low = f64x2.splat(0);
  let high = low;
  let meanLow = low;
  let meanHigh = low;
  for (const end = x + ((n >> 2) << 4); x < end; x += 16, y += 16, e += 16) {
    const a = loadPair(e);
    const u = logRatio(loadPair(x), loadPair(y), a, mx, my, c, least, floor);
    const p = f64x2.pmax(a, least);
    low = f64x2.add(low, f64x2.mul(p, phi(u)));
    meanLow = f64x2.add(meanLow, f64x2.mul(p, u));
    const b = loadPair(e + 8);
    const v = logRatio(loadPair(x + 8), loadPair(y + 8), b, mx, my, c, least, floor);
    const q = f64x2.pmax(b, least);
    high = f64x2.add(high, f64x2.mul(q, phi(v)));
    meanHigh = f64x2.add(meanHigh, f64x2.mul(q, v));
  }
  const rest = n & 3;
  if (rest) {
    // −Infinity in both counts nothing.
    const none = f32x4.splat(-Infinity);
    const a = loadLanes(x, rest, none);
    const b = loadLanes(y, rest, none);
    const weights = loadLanes(e, rest, f32x4.splat(0));
    const e2 = wide(weights);
    const u = logRatio(wide(a), wide(b), e2, mx, my, c, least, floor);
    const p = f64x2.pmax(e2, least);
    low = f64x2.add(low, f64x2.mul(p, phi(u)));
    meanLow = f64x2.add(meanLow, f64x2.mul(p, u));
    const e3 = wide(upper(weights));
    const v = logRatio(wide(upper(a)), wide(upper(b)), e3, mx, my, c, least, floor);
    const q = f64x2.pmax(e3, least);
    high = f64x2.add(high, f64x2.mul(q, phi(v)));
    meanHigh = f64x2.add(meanHigh, f64x2.mul(q, v));
  }
  store<f64>(sums, load<f64>(sums) + total(low, high) * factor);
  store<f64>(sums, load<f64>(sums, 8) + total(meanLow, meanHigh) * factor, 8);
}

function wide(x: v128): v128 {
  return f64x2.promote_low_f32x4(x);
}
