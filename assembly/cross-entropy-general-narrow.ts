import { largest as largestOf } from "./argmax";
import { gapOf, gradientOfParts, lossOfParts, zLossSlope } from "./cross-entropy-general";
import { loadPair, upper } from "./math/lanes";
import { log1pPair } from "./math/scalar";
import { padToFours, quadsOf, subtractOfFour, TURNED, turn } from "./narrow";
import { exponentials, findMaxima, MAXIMA, OWN, PEAKS, RECORD, RESTS, SUMS, spacing, splitSums } from "./quad";
import { transpose } from "./transpose";

/**
 * Softmax cross-entropy with a base (dense targets, or what label smoothing gives every class) of rows of 1 to NARROW
 * columns, as many as make quads (quad.ts), with the bits that softmaxCrossEntropyGeneral has for each. Arguments as there;
 * records: QUADS_BYTES; e: BLOCK floats, for the turned bases. Returns the rows that are done.
 */
export function generalOfNarrow(
  x: usize,
  base: usize,
  baseStep: usize,
  labels: usize,
  spikes: usize,
  scales: usize,
  zLoss: f64,
  grad: usize,
  losses: usize,
  lses: usize,
  rows: usize,
  cols: usize,
  records: usize,
  e: usize,
): usize {
  const bytes = cols << 2;
  const turned = records + TURNED;
  const next = spacing(cols);
  const dense = !labels && !lses && zLoss === 0;
  let row: usize = 0;
  for (let quads = quadsOf(rows); quads > 0; quads = quadsOf(rows - row)) {
    turn(x + row * bytes, turned, cols, quads);
    findMaxima(turned, cols, 16, next, quads, records);
    for (let q: usize = 0; q < quads; q++) {
      sumBases(turned + q * next, base + (row + 4 * q) * baseStep, baseStep, e + q * next, cols, records + q * RECORD);
    }
    exponentials(turned, cols, 16, next, quads, turned, records);
    splitSums(turned, cols, quads, records);
    for (let q: usize = 0; q < quads; q++) {
      const at = (row + 4 * q) << 3;
      takeLogs(records + q * RECORD, dense ? losses + at : 0, scales + at);
    }
    for (let q: usize = 0; q < quads; q++, row += 4) {
      const record = records + q * RECORD;
      const stored = turned + q * next;
      if (!dense) {
        lossesOfFour(x, base, baseStep, labels, spikes, scales, zLoss, losses, lses, row, cols, stored, record);
      }
      if (!grad) continue;
      const to = grad + row * bytes;
      const low = v128.load(scales + (row << 3));
      const high = v128.load(scales + (row << 3), 16);
      subtractOfFour(stored, e + q * next, cols, v128.load(record, SUMS), v128.load(record, SUMS + 16), low, high);
      transpose(stored, 4, to, cols, cols, 4);
      if (labels) aim(to, labels + (row << 2), spikes + (row << 3), cols, record);
    }
  }
  return row;
}

/** Turns a quad's bases into t, and leaves Σ t·(max − x) and Σ t of each position in its record. x: turned logits. */
function sumBases(x: usize, base: usize, baseStep: usize, t: usize, cols: usize, record: usize): void {
  transpose(base, baseStep >> 2, t, 4, 4, cols);
  padToFours(t, cols);
  const max = v128.load(record, MAXIMA);
  const level = v128.andnot(max, f32x4.eq(max, f32x4.splat(-Infinity)));
  basesOfTwo(x, t, cols, level, record + OWN);
  basesOfTwo(x + 8, t + 8, cols, upper(level), record + OWN + 32);
}

/** A quad's log(Σ exp(x − max)), in place of the sums; or its losses, where `losses` says that dense targets are all. */
function takeLogs(record: usize, losses: usize, scales: usize): void {
  for (let half: usize = 0; half < 32; half += 16) {
    const log = log1pPair(f64x2.div(v128.load(record + half, RESTS), loadPair(record + PEAKS + (half >> 1))));
    if (losses) v128.store(losses + half, lossesOfTwo(record, half, log, v128.load(scales + half)));
    else v128.store(record + half, log, SUMS);
  }
}

/** Two losses of dense targets alone; in place of the sums what stored exponentials are multiplied by. */
function lossesOfTwo(record: usize, half: usize, log: v128, scale: v128): v128 {
  const sums = record + OWN + 2 * half;
  const mass = v128.load(sums, 16);
  const sum = f64x2.add(loadPair(record + PEAKS + (half >> 1)), v128.load(record + half, RESTS));
  const share = f64x2.div(f64x2.splat(1), sum);
  v128.store(record + half, f64x2.mul(share, f64x2.mul(mass, scale)), SUMS);
  return f64x2.add(v128.load(sums), f64x2.mul(log, mass));
}

/** Sets four rows' gradients at their labels; clears those of rows that are left out. */
function aim(grad: usize, labels: usize, spikes: usize, cols: usize, record: usize): void {
  for (let i: usize = 0; i < 4; i++, grad += cols << 2) {
    const label = load<i32>(labels + (i << 2));
    if (label < 0) memory.fill(grad, 0, cols << 2);
    else if (load<f64>(spikes + (i << 3)) !== 0) {
      store<f32>(grad + ((<usize>label) << 2), <f32>load<f64>(record + (i << 3), RESTS));
    }
  }
}

/** The losses of the four rows from `row` on. stored: their exponentials, turned. */
function lossesOfFour(
  x: usize,
  base: usize,
  baseStep: usize,
  labels: usize,
  spikes: usize,
  scales: usize,
  zLoss: f64,
  losses: usize,
  lses: usize,
  row: usize,
  cols: usize,
  stored: usize,
  record: usize,
): void {
  const bytes = cols << 2;
  for (let i: usize = 0; i < 4; i++) {
    const at = row + i;
    const label = labels ? load<i32>(labels + (at << 2)) : 0;
    const spike = labels && label >= 0 ? load<f64>(spikes + (at << 3)) : 0;
    const y: usize = max(label, 0);
    const loss = lossOf(
      x + at * bytes,
      cols,
      load<f32>(x + at * bytes + (y << 2)),
      load<f32>(stored + (y << 4) + (i << 2)),
      load<f32>(base + at * baseStep + (y << 2)),
      spike,
      zLoss,
      load<f64>(scales + (at << 3)),
      lses ? lses + (at << 3) : 0,
      record,
      i,
    );
    store<f64>(losses + (at << 3), label < 0 ? 0 : loss);
  }
}

/**
 * The loss of a quad's position i, whose logarithm stands in place of the sum; and there what stored exponentials are
 * multiplied by, in place of the rest the gradient at the label. x: the row of logits.
 */
function lossOf(
  x: usize,
  cols: usize,
  xLabel: f32,
  stored: f32,
  target: f32,
  spike: f64,
  zLoss: f64,
  factor: f64,
  toLse: usize,
  record: usize,
  i: usize,
): f64 {
  const doubles = record + (i << 3);
  const largest = load<f32>(record + (i << 2), MAXIMA);
  const peak = <f64>load<f32>(record + (i << 2), PEAKS);
  const rest = load<f64>(doubles, RESTS);
  const log = load<f64>(doubles, SUMS);
  const sums = record + OWN + ((i >> 1) << 5) + ((i & 1) << 3);
  const mass = load<f64>(sums, 16);
  const lse = abs(largest) < Infinity ? <f64>largest + log : <f64>largestOf(x, cols);
  if (toLse) store<f64>(toLse, lse);
  const slope = zLossSlope(zLoss, lse);
  const sum = peak + rest;
  const share = 1 / sum;
  const p = <f64>stored * share;
  const others = spike * (xLabel === largest ? rest / sum : 1 - p);
  store<f64>(doubles, share * ((mass + spike + slope) * factor), SUMS);
  store<f64>(doubles, 0 + gradientOfParts(p, mass + slope, target, others) * factor, RESTS);
  return lossOfParts(load<f64>(sums) + log * mass, <f64>largest - <f64>xLabel, log, spike, zLoss, lse);
}

/**
 * Σ t·(max − x) and Σ t of two positions, to `sums` and 16 bytes on; class c in lane c mod 4, as in sumTargets. Up to a
 * multiple of four classes the targets are 0.
 */
function basesOfTwo(x: usize, t: usize, classes: usize, max: v128, sums: usize): void {
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
