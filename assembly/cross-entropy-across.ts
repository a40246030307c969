import { gather, isSpread, scatter, stripWidth } from "./across";
import { softmaxCrossEntropy } from "./cross-entropy";
import { areNormal, factorsOf, lossesOfFour } from "./cross-entropy-narrow";
import { expOfFour, maxOfFour, peaksOfFour, restsOfFour } from "./quad";
import { transpose } from "./transpose";

/**
 * Softmax cross-entropy along an axis that isn't the last: as across.ts does softmax, with the bits that
 * softmaxCrossEntropy has for rows. At most BLOCK classes.
 *
 * x, grad: classes × width floats, the classes `stride` floats apart; grad may be x, or 0 for no gradient. labels, scales,
 * scale, losses: as there, for `width` positions. state: as there. strip: as in across.ts.
 */
export function softmaxCrossEntropyAcross(
  x: usize,
  grad: usize,
  labels: usize,
  scales: usize,
  scale: f64,
  losses: usize,
  classes: usize,
  width: usize,
  stride: usize,
  state: usize,
  strip: usize,
): void {
  const there = isSpread(stride);
  const wide = there ? width : stripWidth(classes);
  const step = (there ? stride : wide) << 2;
  const from = there ? x : strip;
  const to = there || !grad ? grad : strip;
  const e = there ? strip : strip + classes * step;
  for (let i: usize = 0; i < width; i += wide) {
    const positions = min(width - i, wide);
    if (!there) gather(x + (i << 2), strip, classes, stride, wide, positions);
    for (let j: usize = 0; j < positions; j += 4) {
      const at = i + j;
      const by = scales ? scales + (at << 3) : 0;
      const out = to ? to + (j << 2) : 0;
      const n = min(positions - j, 4);
      const y = labels + (at << 2);
      const loss = losses + (at << 3);
      if (n === 4 && ofFour(from + (j << 2), out, step, y, by, scale, loss, classes, state, e)) continue;
      asRows(from + (j << 2), out, step, y, by, scale, loss, classes, state, e, n);
    }
    if (grad && !there) scatter(strip, grad + (i << 2), classes, stride, wide, positions);
  }
}

/** Four positions, with exponentials to e. False as crossEntropyOfFour, and then the gradient is untouched. */
function ofFour(
  x: usize,
  grad: usize,
  step: usize,
  labels: usize,
  scales: usize,
  scale: f64,
  losses: usize,
  classes: usize,
  lanes: usize,
  e: usize,
): bool {
  const y = v128.load(labels);
  if (v128.any_true(i32x4.lt_s(y, i32x4.splat(0)))) return false;
  const y0 = <usize>i32x4.extract_lane(y, 0);
  const y1 = <usize>i32x4.extract_lane(y, 1);
  const y2 = <usize>i32x4.extract_lane(y, 2);
  const y3 = <usize>i32x4.extract_lane(y, 3);
  const logit = atClasses(x, step, y0, y1, y2, y3);
  const max = maxOfFour(x, classes, step);
  const peaks = peaksOfFour(max, expOfFour(x, e, classes, step, 16, max, lanes));
  restsOfFour(e, classes, 16, peaks, lanes);
  const stored = atClasses(e, 16, y0, y1, y2, y3);
  lossesOfFour(max, logit, peaks, stored, scales, scale, lanes, losses);
  if (!grad) return true;
  if (!areNormal(lanes)) return false;
  const factor = factorsOf(lanes);
  for (let c: usize = 0, to = grad; c < classes; c++, e += 16, to += step) {
    v128.store(to, f32x4.mul(v128.load(e), factor));
  }
  store<f32>(grad + y0 * step, <f32>load<f64>(lanes, 32));
  store<f32>(grad + y1 * step, <f32>load<f64>(lanes, 40), 4);
  store<f32>(grad + y2 * step, <f32>load<f64>(lanes, 48), 8);
  store<f32>(grad + y3 * step, <f32>load<f64>(lanes, 56), 12);
  return true;
}

/** A float of each of four positions, at a class of its own. */
function atClasses(x: usize, step: usize, c0: usize, c1: usize, c2: usize, c3: usize): v128 {
  return f32x4(
    load<f32>(x + c0 * step),
    load<f32>(x + c1 * step, 4),
    load<f32>(x + c2 * step, 8),
    load<f32>(x + c3 * step, 12),
  );
}

/** n positions, turned into rows at e. */
function asRows(
  x: usize,
  grad: usize,
  step: usize,
  labels: usize,
  scales: usize,
  scale: f64,
  losses: usize,
  classes: usize,
  state: usize,
  e: usize,
  n: usize,
): void {
  transpose(x, step >> 2, e, classes, classes, n);
  softmaxCrossEntropy(e, e, labels, scales, scale, losses, n, classes, state, 0, 0);
  if (grad) transpose(e, classes, grad, step >> 2, n, classes);
}
