/** A float32's bits as an integer, and the way back. */
const value = new Float32Array(1);
const word = new Int32Array(value.buffer);

export function bitsOf(x: number): number {
  value[0] = x;
  return word[0];
}

export function floatOf(bits: number): number {
  word[0] = bits;
  return value[0];
}
