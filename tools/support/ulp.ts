// The ruler: distances between a float32 result and a true value, in units in the last place of float32.

/** Where float32 ends: an infinite result stands for 2^128, and so does a true value beyond. */
export const OVERFLOW = 2 ** 128;

const value = new Float64Array(1);
const words = new Uint32Array(value.buffer);
const HIGH = new Uint8Array(Uint16Array.of(1).buffer)[0]; // index of the word with the exponent

/** 1/unit by a float64's exponent bits: units are 2^-149 for subnormal float32s, 2^104 for the largest. */
const INVERSE_UNITS = Float64Array.from(
  { length: 2048 },
  (_, bits) => 2 ** (23 - Math.min(127, Math.max(-126, bits - 1023))),
);

/** 1/unit in the last place of a real number, if float32 held it. */
export function inverseUlp(x: number): number {
  value[0] = x;
  return INVERSE_UNITS[(words[HIGH] >>> 20) & 0x7ff];
}

/** A number as far as float32 reaches. */
export function clamp(x: number): number {
  return Math.min(OVERFLOW, Math.max(-OVERFLOW, x));
}

/**
 * How far a result lies from the truth, signed, in units of the last place of `magnitude`. Where the truth is infinite or
 * NaN a result that isn't the same is infinitely far.
 */
export function distance(result: number, truth: number, magnitude = truth): number {
  if (result === truth) return 0;
  if (truth - truth !== 0) return Number.isNaN(truth) && Number.isNaN(result) ? 0 : Infinity;
  if (Number.isNaN(result)) return Infinity;
  return (clamp(result) - clamp(truth)) * inverseUlp(magnitude);
}

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** The bits of a float32. */
export function bitsOf(x: number): number {
  float[0] = x;
  return bits[0];
}

/** The float32 with these bits. */
export function floatOf(word: number): number {
  bits[0] = word;
  return float[0];
}

/** 0x3f800000 */
export function hex(word: number): string {
  return `0x${word.toString(16).padStart(8, "0")}`;
}

/** The next float32 towards +Infinity (steps > 0) or −Infinity, `steps` times. */
export function neighbour(x: number, steps: number): number {
  const word = bitsOf(x);
  const ordinal = word & 0x80000000 ? -(word & 0x7fffffff) : word;
  const moved = ordinal + steps;
  return floatOf(moved < 0 ? (0x80000000 | -moved) >>> 0 : moved);
}
