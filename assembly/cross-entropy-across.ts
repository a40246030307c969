import { softmaxCrossEntropyOfRows } from "./cross-entropy";
import { arePlain, crossEntropyOfQuads } from "./cross-entropy-quads";
import { fourOf, RECORD, RESTS, SUMS, spacing } from "./quad";
import { gather, isSpread, quadsAcross, scatter, stripStep, stripWidth } from "./strip";
import { transpose } from "./transpose";

/**
 * Softmax cross-entropy along an axis that isn't the last: as across.ts does softmax, with the bits that
 * softmaxCrossEntropy has for rows. At most BLOCK classes.
 *
 * x, grad: classes × width floats, the classes `stride` floats apart; grad may be x, or 0 for no gradient. labels, scales,
 * scale, losses: as there, for `width` positions. records, strip: as in across.ts.
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
  records: usize,
  strip: usize,
): void {
  if (isSpread(stride)) {
    const most = quadsAcross(classes, 0);
    ofPositions(x, grad, stride << 2, labels, scales, scale, losses, classes, width, most, records, strip);
    return;
  }
  const wide = stripWidth(classes);
  const step = stripStep(wide);
  const most = quadsAcross(classes, step);
  const to = grad ? strip : 0;
  const e = strip + ((classes * step) << 2);
  for (let i: usize = 0; i < width; i += wide) {
    const n = min(width - i, wide);
    const by = scales ? scales + (i << 3) : 0;
    gather(x + (i << 2), strip, classes, stride, step, n);
    ofPositions(strip, to, step << 2, labels + (i << 2), by, scale, losses + (i << 3), classes, n, most, records, e);
    if (grad) scatter(strip, grad + (i << 2), classes, stride, step, n);
  }
}

/** `most`: quads that go together. What makes no quad goes as rows. */
function ofPositions(
  x: usize,
  grad: usize,
  step: usize,
  labels: usize,
  scales: usize,
  scale: f64,
  losses: usize,
  classes: usize,
  positions: usize,
  most: usize,
  records: usize,
  e: usize,
): void {
  let n: usize = 0;
  for (let i: usize = 0; i < positions; i += n) {
    const here = x + (i << 2);
    const to = grad ? grad + (i << 2) : 0;
    const y = labels + (i << 2);
    const by = scales ? scales + (i << 3) : 0;
    const loss = losses + (i << 3);
    const quads = min((positions - i) >> 2, most);
    n = quads ? 4 * quads : positions - i;
    if (quads) ofQuads(here, to, step, y, by, scale, loss, classes, quads, records, e);
    else asRows(here, to, step, y, by, scale, loss, classes, n, e);
  }
}

/** Quads, those that aren't plain as rows, once the exponentials of the others are no longer needed. */
function ofQuads(
  x: usize,
  grad: usize,
  step: usize,
  labels: usize,
  scales: usize,
  scale: f64,
  losses: usize,
  classes: usize,
  quads: usize,
  records: usize,
  e: usize,
): void {
  crossEntropyOfQuads(x, classes, step, 16, quads, labels, scales, scale, losses, e, records);
  if (!grad) return;
  let others: u32 = 0;
  for (let q: usize = 0; q < quads; q++) {
    const y = labels + (q << 4);
    const record = records + q * RECORD;
    if (arePlain(y, record)) gradientsOfFour(e + q * spacing(classes), grad + (q << 4), step, y, classes, record);
    else others |= 1 << (<u32>q);
  }
  for (; others; others &= others - 1) {
    const at = (<usize>ctz(others)) << 4;
    const by = scales ? scales + 2 * at : 0;
    asRows(x + at, grad + at, step, labels + at, by, scale, losses + 2 * at, classes, 4, e);
  }
}

function gradientsOfFour(e: usize, grad: usize, step: usize, labels: usize, classes: usize, record: usize): void {
  const factor = fourOf(record + SUMS);
  const counts = i32x4.ge_s(v128.load(labels), i32x4.splat(0));
  for (let to = grad, end = e + (classes << 4); e < end; e += 16, to += step) {
    v128.store(to, v128.and(f32x4.mul(v128.load(e), factor), counts));
  }
  for (let i: usize = 0; i < 4; i++, labels += 4, grad += 4, record += 8) {
    const label = load<i32>(labels);
    if (label >= 0) store<f32>(grad + <usize>label * step, <f32>load<f64>(record, RESTS));
  }
}

/** n positions, at most 4, turned into rows at e. */
function asRows(
  x: usize,
  grad: usize,
  step: usize,
  labels: usize,
  scales: usize,
  scale: f64,
  losses: usize,
  classes: usize,
  n: usize,
  e: usize,
): void {
  transpose(x, step >> 2, e, classes, classes, n);
  softmaxCrossEntropyOfRows(e, e, labels, scales, scale, losses, n, classes, 0, 0, 0);
  if (grad) transpose(e, classes, grad, step >> 2, n, classes);
}
