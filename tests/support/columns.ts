/** What tests of parts of a batch's columns share. */

/** The bits of floats, to compare them with their zeros' signs. */
export function bits(values: Float32Array): number[] {
  return [...new Int32Array(values.buffer, values.byteOffset, values.length)];
}

/** Some columns of a batch, as an array of their own. */
export function columns(x: Float32Array, rows: number, from: number, to: number): Float32Array {
  const step = x.length / rows;
  return Float32Array.from({ length: rows * (to - from) }, (_, i) => {
    const [row, column] = [Math.floor(i / (to - from)), i % (to - from)];
    return x[row * step + from + column];
  });
}
