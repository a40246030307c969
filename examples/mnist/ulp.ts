// Distances in units in the last place of a float32.

/** The distance between the float32 numbers around x. Below 2^-126 they are 2^-149 apart. */
export function ulpOf(x: number): number {
  return 2 ** (Math.max(exponentOf(Math.abs(x)), -126) - 23);
}

/** The e for which 2^e ≤ x < 2^(e + 1); Math.log2 rounds just below a power of two. */
function exponentOf(x: number): number {
  if (x === 0) return Number.NEGATIVE_INFINITY;
  view.setFloat64(0, x);
  return ((view.getUint16(0) >> 4) & 0x7ff) - 1023;
}

const view = new DataView(new ArrayBuffer(8));
