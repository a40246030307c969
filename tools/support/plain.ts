// The plain form of softmax, for comparison: what a float32 library does with the textbook's formula. Its exp is even the
// correctly rounded one, so that the error is of the form alone: of x − max, and of the sum.

const { fround } = Math;

/** Partial sums, as a vectorized loop keeps them. */
const LANES = 16;

export function plainSoftmax(x: Float32Array, length: number): Float32Array {
  const p = new Float32Array(x.length);
  const lanes = new Float32Array(LANES);
  for (let start = 0; start < x.length; start += length) {
    const row = x.subarray(start, start + length);
    const out = p.subarray(start, start + length);
    let max = -Infinity;
    for (const value of row) max = Math.max(max, value);
    lanes.fill(0);
    for (let i = 0; i < length; i++) {
      out[i] = Math.exp(fround(row[i] - max));
      lanes[i % LANES] += out[i];
    }
    let sum = 0;
    for (const lane of lanes) sum = fround(sum + lane);
    const reciprocal = fround(1 / sum);
    for (let i = 0; i < length; i++) out[i] *= reciprocal;
  }
  return p;
}
