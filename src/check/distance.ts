/** How far apart numbers are, in float32 units in the last place. */

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);

/** The float32 unit in the last place of a real number. */
function ulp(value: number): number {
  float[0] = value;
  const exponent = ((words[1] >>> 20) & 0x7ff) - 1023;
  return 2 ** (Math.max(exponent, -126) - 23);
}

/** Where float32 ends: what an infinite result stands for, and the most that counts of a true value. */
const END = 2 ** 128;

function clamp(value: number): number {
  return Math.min(END, Math.max(-END, value));
}

/** The distance of a result from the true value, in units of a magnitude. */
export function distanceOf(value: number, truth: number, magnitude = truth): number {
  if (value === truth || (Number.isNaN(value) && Number.isNaN(truth))) return 0;
  if (Number.isNaN(value) || !Number.isFinite(truth)) return Infinity;
  if (!Number.isFinite(value) && Math.abs(truth) < END / 2) return Infinity;
  // A sum is as large as its terms at most, but for what rounding left of them.
  const size = Number.isFinite(magnitude) ? Math.max(Math.abs(magnitude), Math.abs(truth)) : truth;
  // A result that float32 holds may have terms that it doesn't.
  return Math.abs(clamp(value) - clamp(truth)) / ulp(Math.abs(truth) < END ? size : END / 2);
}
