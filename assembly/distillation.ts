import { klOfNarrow } from "./distillation-narrow";
import { expBlock } from "./math/exp-block";
import { loadLanes, loadPair, upper } from "./math/lanes";
import { max } from "./math/max";
import { subtract } from "./math/subtract";
import { BLOCK, total } from "./math/sum";
import { NARROW } from "./narrow";
import { begin, blockFactor, finish, pushSplit, rowLog, rowMax } from "./row";

/**
 * KL divergence of two softmaxes from their logits, the loss of knowledge distillation (Hinton et al., arXiv 1503.02531):
 *
 *   loss   = Σ p_j·((y_j − L_y) − (x_j − L_x)),  p = softmax(y) the teacher's, q = softmax(x) the student's
 *   grad_j = scale·(q_j − p_j)
 *
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
    const sum = apply(stateX, stateY, x, y, to, e, other, cols, factor, 0, kept);
    store<f64>(losses + (row << 3), cols ? klLoss(stateX, stateY, sum) : 0);
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

/** start + Σ p_j·((y_j − max_y) − (x_j − max_x)) over n columns, and their gradient. e: 2·BLOCK floats. */
export function klApply(
  stateX: usize,
  stateY: usize,
  x: usize,
  y: usize,
  grad: usize,
  e: usize,
  n: usize,
  scale: f64,
  start: f64,
): f64 {
  return apply(stateX, stateY, x, y, grad, e, e + (BLOCK << 2), n, scale, start, false);
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
  start: f64,
  kept: bool,
): f64 {
  for (let i: usize = 0; i < n; i += BLOCK) {
    const at = i << 2;
    const count = min(n - i, BLOCK);
    const maxX = max(x + at, count);
    const maxY = max(y + at, count);
    const place = kept ? at : 0;
    if (!kept) expBlock(y + at, other, count, maxY);
    const factorY = blockFactor(stateY, maxY);
    const sum = gap(x + at, y + at, other + place, count, rowMax(stateX), rowMax(stateY));
    start += sum === Infinity ? sum : sum * factorY;
    if (grad) {
      if (!kept) expBlock(x + at, e, count, maxX);
      const factorX = blockFactor(stateX, maxX);
      subtract(e + place, other + place, grad + at, count, factorX * scale, factorY * scale);
    }
  }
  return start;
}

/** The loss, given the sum over all columns: 0 where rounding left it below. */
export function klLoss(stateX: usize, stateY: usize, sum: f64): f64 {
  return Math.max(sum + (rowLog(stateX) - rowLog(stateY)), 0);
}

/**
 * Σ e_j·((y_j − maxY) − (x_j − maxX)) in float64, where no difference overflows. Terms with e = 0 are left out, but for an
 * infinite one: the teacher has mass there, be it below float32, and the student none.
 */
function gap(x: usize, y: usize, e: usize, n: usize, maxX: f32, maxY: f32): f64 {
  const mx = f64x2.splat(<f64>maxX);
  const my = f64x2.splat(<f64>maxY);
  const zero = f32x4.splat(0);
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  for (const end = x + ((n >> 2) << 4); x < end; x += 16, y += 16, e += 16) {
    low = f64x2.add(low, termOf(loadPair(x), loadPair(y), loadPair(e), mx, my));
    high = f64x2.add(high, termOf(loadPair(x + 8), loadPair(y + 8), loadPair(e + 8), mx, my));
  }
  const rest = n & 3;
  if (rest) {
    const a = loadLanes(x, rest, zero);
    const b = loadLanes(y, rest, zero);
    const weight = loadLanes(e, rest, zero);
    low = f64x2.add(low, termOf(wide(a), wide(b), wide(weight), mx, my));
    high = f64x2.add(high, termOf(wide(upper(a)), wide(upper(b)), wide(upper(weight)), mx, my));
  }
  return total(low, high);
}

function wide(x: v128): v128 {
  return f64x2.promote_low_f32x4(x);
}

/** e·((y − maxY) − (x − maxX)) */
export function termOf(x: v128, y: v128, e: v128, maxX: v128, maxY: v128): v128 {
  const difference = f64x2.sub(f64x2.sub(y, maxY), f64x2.sub(x, maxX));
  const term = v128.and(f64x2.mul(e, difference), f64x2.ne(e, f64x2.splat(0)));
  return v128.or(term, v128.and(difference, f64x2.eq(difference, f64x2.splat(Infinity))));
}
