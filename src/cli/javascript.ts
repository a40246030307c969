// Plain JavaScript by hand: what `xentropy bench` and the page measure the kernels against. Three passes over a row,
// Math.exp, sums in float64, no allocation, one function for loss and gradient that reuses the exponentials.
//
// Each takes flat row-major arrays of rows × columns finite numbers and writes into one it is given. Losses are the mean,
// and the gradient is that of the mean.

function largest(x: Float32Array, start: number, end: number): number {
  let max = x[start];
  for (let i = start + 1; i < end; i++) if (x[i] > max) max = x[i];
  return max;
}

/** Writes exp(x − max) of a row; returns its sum. */
function exponentials(x: Float32Array, start: number, end: number, max: number, out: Float32Array): number {
  let sum = 0;
  for (let i = start; i < end; i++) {
    const e = Math.exp(x[i] - max);
    out[i] = e;
    sum += e;
  }
  return sum;
}

/** exp(x − max) / Σ exp(x − max) */
export function softmax(x: Float32Array, columns: number, out: Float32Array): void {
  for (let start = 0; start < x.length; start += columns) {
    const end = start + columns;
    const scale = 1 / exponentials(x, start, end, largest(x, start, end), out);
    for (let i = start; i < end; i++) out[i] *= scale;
  }
}

/** x − max − log Σ exp(x − max) */
export function logSoftmax(x: Float32Array, columns: number, out: Float32Array): void {
  for (let start = 0; start < x.length; start += columns) {
    const end = start + columns;
    const max = largest(x, start, end);
    let sum = 0;
    for (let i = start; i < end; i++) sum += Math.exp(x[i] - max);
    const logSumExp = max + Math.log(sum);
    for (let i = start; i < end; i++) out[i] = x[i] - logSumExp;
  }
}

/** Loss −logSoftmax(x)_label, gradient softmax(x) − onehot(label). */
export function softmaxCrossEntropy(x: Float32Array, labels: Int32Array, columns: number, grad: Float32Array): number {
  const share = columns / x.length;
  let loss = 0;
  for (let row = 0, start = 0; start < x.length; row++, start += columns) {
    const end = start + columns;
    const max = largest(x, start, end);
    const sum = exponentials(x, start, end, max, grad);
    const scale = share / sum;
    for (let i = start; i < end; i++) grad[i] *= scale;
    // In float64: from the rounded exponential, p − 1 would lose its digits.
    const at = start + labels[row];
    const logit = x[at] - max;
    grad[at] = (Math.exp(logit) / sum - 1) * share;
    loss += Math.log(sum) - logit;
  }
  return loss * share;
}

/** 1 / (1 + exp(−x)) from exp(−|x|), which can't overflow. */
export function sigmoid(x: Float32Array, out: Float32Array): void {
  for (let i = 0; i < x.length; i++) {
    const e = Math.exp(-Math.abs(x[i]));
    out[i] = (x[i] >= 0 ? 1 : e) / (1 + e);
  }
}

/** Loss max(x, 0) − x·t + log1p(exp(−|x|)), gradient σ(x) − t, both from one exponential. */
export function sigmoidCrossEntropy(x: Float32Array, targets: Float32Array, grad: Float32Array): number {
  const share = 1 / x.length;
  let loss = 0;
  for (let i = 0; i < x.length; i++) {
    const v = x[i];
    const e = Math.exp(-Math.abs(v));
    const p = 1 / (1 + e);
    grad[i] = ((v >= 0 ? p : e * p) - targets[i]) * share;
    loss += Math.max(v, 0) - v * targets[i] + Math.log1p(e);
  }
  return loss * share;
}
