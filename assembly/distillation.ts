import { klOfNarrow } from "./distillation-narrow";
import {
  factorOf,
  far,
  isFar,
  leastGapOf,
  leastOf,
  logRatio,
  lossOf,
  offsetOf,
  PHI,
  phi,
  powerOf,
  reducedOf,
} from "./distillation-terms";
import { expBlock } from "./math/exp-block";
import { loadPair } from "./math/lanes";
import { max } from "./math/max";
import { subtract } from "./math/subtract";
import { BLOCK, total } from "./math/sum";
import { NARROW } from "./narrow";
import { begin, blockFactor, finish, pushSplit, rowLog, rowMax, rowTargets, STATE_BYTES } from "./row";

/**
 * KL divergence of two softmaxes from their logits, the loss of knowledge distillation (Hinton et al., arXiv 1503.02531):
 *
 *   loss   = Σ p_j·log(p_j/q_j),  p = softmax(y) the teacher's, q = softmax(x) the student's
 *   grad_j = scale·(q_j − p_j)
 *
 * distillation-terms.ts says how the loss keeps its digits where p and q nearly agree.
 * The caller divides the logits by the temperature and multiplies loss and scale by its powers.
 *
 * x, y: rows × cols floats; grad may be x, 0 for none. scales, losses: an f64 a row. stateX, stateY: QUADS_BYTES each,
 * the first's behind STATE_BYTES the room of addTerms;
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
    apply(stateX, stateY, x, y, to, e, other, cols, factor, sums, kept, stateX + STATE_BYTES);
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
 * e: 2·BLOCK + 4·RUN + 12 floats.
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
  const other = e + (BLOCK << 2);
  apply(stateX, stateY, x, y, grad, e, other, n, scale, sums, false, other + (BLOCK << 2));
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
  room: usize,
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
    const factor = factorOf(factorY);
    addTerms(x + at, y + at, other + place, count, rowMax(stateX), rowMax(stateY), logX, logY, factor, sums, room);
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

/** Classes that go through the first loop of a block's terms, and then through the second. */
const RUN: usize = 128;

/**
 * Adds a block's two sums. e: the teacher's exponentials; room: 4·RUN + 12 floats. In two loops: one would be a chain longer
 * than a processor looks ahead, with more constants than there are registers (measured: 1.15 times slower).
 */
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
  room: usize,
): void {
  const mx = f64x2.splat(<f64>maxX);
  const my = f64x2.splat(<f64>maxY);
  const c = f64x2.splat(offsetOf(logY, logX));
  const least = leastOf(f64x2.splat(factor));
  const floor = leastGapOf(f64x2.splat(logY));
  let low = f64x2.splat(0);
  let high = low;
  let meanLow = low;
  let meanHigh = low;
  let most = low;
  for (let i: usize = 0, count: usize = 0; i < n; i += count) {
    let a = x + (i << 2);
    let b = y + (i << 2);
    let f = e + (i << 2);
    count = min(n - i, RUN);
    if (count > 1) {
      count &= ~1;
    } else {
      // The last of an odd number goes with −Infinity in both, which counts nothing.
      const pad = room + (RUN << 4);
      const none = f32x4.splat(-Infinity);
      v128.store(pad, v128.load32_lane(a, none, 0));
      v128.store(pad, v128.load32_lane(b, none, 0), 16);
      v128.store(pad, v128.load32_zero(f), 32);
      a = pad;
      b = pad + 16;
      f = pad + 32;
    }
    most = f64x2.pmax(most, logRatios(a, b, room, count, mx, my, c, floor));
    const half = v128.load64_splat(PHI);
    const q0 = v128.load64_splat(PHI + 8);
    const q1 = v128.load64_splat(PHI + 16);
    const q2 = v128.load64_splat(PHI + 24);
    const q3 = v128.load64_splat(PHI + 32);
    const q4 = v128.load64_splat(PHI + 40);
    const one = v128.load64_splat(PHI + 48);
    let from = room;
    // Four lanes: those of one turn are the high ones of the next but one.
    for (const end = f + (count << 2); f < end; f += 8, from += 32) {
      const u = v128.load(from);
      const k = v128.load(from, 16);
      const p = f64x2.pmax(loadPair(f), least);
      const sum = f64x2.add(low, f64x2.mul(p, phi(u, k, reducedOf(u, k), half, q0, q1, q2, q3, q4, one)));
      const mean = f64x2.add(meanLow, f64x2.mul(p, u));
      low = high;
      high = sum;
      meanLow = meanHigh;
      meanHigh = mean;
    }
  }
  const rare = isFar(most) ? far(x, y, 4, n, mx, my, c, floor) * f64x2.extract_lane(least, 0) : 0;
  store<f64>(sums, load<f64>(sums) + (total(low, high) + rare) * factor);
  store<f64>(sums, load<f64>(sums, 8) + (total(meanLow, meanHigh) + rare) * factor, 8);
}

/** The first loop: u and powerOf(u) of n classes, an even number or 1 with a neighbour, to `to`. Returns what isFar wants. */
function logRatios(x: usize, y: usize, to: usize, n: usize, maxX: v128, maxY: v128, c: v128, floor: v128): v128 {
  let most = f64x2.splat(0);
  for (const end = x + (n << 2); x < end; x += 8, y += 8, to += 32) {
    const gapX = f64x2.sub(loadPair(x), maxX);
    const gapY = f64x2.sub(loadPair(y), maxY);
    // Not those of which both are −Infinity: NaN.
    most = f64x2.pmax(most, f64x2.sub(gapY, gapX));
    const u = logRatio(gapX, gapY, c, floor);
    v128.store(to, u);
    v128.store(to, powerOf(u), 16);
  }
  return most;
}
