// Plain JavaScript by hand: what the kernels are measured against. Written to be fast and honest: three passes over a row,
// Math.exp, sums in float64, no allocation, one function for loss and gradient that reuses the exponentials.
//
// Each takes flat row-major arrays of rows × columns finite numbers and writes into one it is given. Losses are the mean,
// and the gradient is that of the mean.

/** exp(x − max) / Σ exp(x − max) */
export function softmax(x: Float32Array, rows: number, columns: number, out: Float32Array): void {
  for (let start = 0, end = columns; start < rows * columns; start = end, end += columns) {
    const max = rowMax(x, start, end);
    let sum = 0;
    for (let i = start; i < end; i++) {
      const e = Math.exp(x[i] - max);
      out[i] = e;
      sum += e;
    }
    const scale = 1 / sum;
    for (let i = start; i < end; i++) out[i] *= scale;
  }
}

/** x − max − log Σ exp(x − max) */
export function logSoftmax(x: Float32Array, rows: number, columns: number, out: Float32Array): void {
  for (let start = 0, end = columns; start < rows * columns; start = end, end += columns) {
    const max = rowMax(x, start, end);
    let sum = 0;
    for (let i = start; i < end; i++) sum += Math.exp(x[i] - max);
    const logSumExp = max + Math.log(sum);
    for (let i = start; i < end; i++) out[i] = x[i] - logSumExp;
  }
}

/** Loss −logSoftmax(x)_label, gradient softmax(x) − onehot(label). */
export function softmaxCrossEntropy(
  x: Float32Array,
  labels: Int32Array,
  rows: number,
  columns: number,
  grad: Float32Array,
): number {
  const share = 1 / rows;
  let loss = 0;
  for (let row = 0, start = 0, end = columns; row < rows; row++, start = end, end += columns) {
    const max = rowMax(x, start, end);
    let sum = 0;
    for (let i = start; i < end; i++) {
      const e = Math.exp(x[i] - max);
      grad[i] = e;
      sum += e;
    }
    const scale = share / sum;
    for (let i = start; i < end; i++) grad[i] *= scale;
    // The label's own gradient in float64: from the rounded exponential p − 1 would lose its digits.
    const at = start + labels[row];
    const logit = x[at] - max;
    grad[at] = (Math.exp(logit) / sum - 1) * share;
    loss += Math.log(sum) - logit;
  }
  return loss * share;
}

/** Loss −Σ t·logSoftmax(x), gradient softmax(x)·Σt − t. */
export function softmaxCrossEntropyDense(
  x: Float32Array,
  targets: Float32Array,
  rows: number,
  columns: number,
  grad: Float32Array,
): number {
  const share = 1 / rows;
  let loss = 0;
  for (let start = 0, end = columns; start < rows * columns; start = end, end += columns) {
    const max = rowMax(x, start, end);
    let sum = 0;
    let mass = 0;
    let dot = 0;
    for (let i = start; i < end; i++) {
      const shifted = x[i] - max;
      const t = targets[i];
      const e = Math.exp(shifted);
      grad[i] = e;
      sum += e;
      mass += t;
      dot += t * shifted;
    }
    const scale = (mass * share) / sum;
    for (let i = start; i < end; i++) grad[i] = grad[i] * scale - targets[i] * share;
    loss += mass * Math.log(sum) - dot;
  }
  return loss * share;
}

/**
 * Loss max(x, 0) − x·t + log1p(exp(−|x|)), gradient σ(x) − t, both from one exponential.
 *
 * Measured: one branch on the sign is faster than a branch for each of the two or none, and log(1 + e) no faster than
 * log1p(e). Multiplying up a few hundred factors 1 + e to take one logarithm of the product is 1.3 times faster, but then
 * a batch of confident predictions costs exactly 0; that isn't the same result.
 */
export function sigmoidCrossEntropy(x: Float32Array, targets: Float32Array, grad: Float32Array): number {
  const share = 1 / x.length;
  let loss = 0;
  for (let i = 0; i < x.length; i++) {
    const v = x[i];
    const t = targets[i];
    const e = Math.exp(-Math.abs(v));
    const q = 1 / (1 + e);
    if (v >= 0) {
      loss += v - v * t;
      grad[i] = (q - t) * share;
    } else {
      loss -= v * t;
      grad[i] = (e * q - t) * share;
    }
    loss += Math.log1p(e);
  }
  return loss * share;
}

function rowMax(x: Float32Array, start: number, end: number): number {
  let max = x[start];
  for (let i = start + 1; i < end; i++) if (x[i] > max) max = x[i];
  return max;
}
