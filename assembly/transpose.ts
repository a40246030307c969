/**
 * out[j][i] = x[i][j] for rows × cols floats. Rows of x begin `xStride` floats apart, rows of out `outStride`. x and out don't
 * overlap. Four by four, so that both sides are read and written in whole vectors; the last four of a side may overlap the
 * four before, and what is written twice is the same.
 */
export function transpose(x: usize, xStride: usize, out: usize, outStride: usize, rows: usize, cols: usize): void {
  const xBytes = xStride << 2;
  const outBytes = outStride << 2;
  if (rows < 4 || cols < 4) {
    for (let i: usize = 0; i < rows; i++) {
      for (let j: usize = 0; j < cols; j++)
        store<f32>(out + j * outBytes + (i << 2), load<f32>(x + i * xBytes + (j << 2)));
    }
    return;
  }
  for (let i: usize = 0; i < rows; i += 4) {
    const row = min(i, rows - 4);
    const source = x + row * xBytes;
    const target = out + (row << 2);
    for (let j: usize = 0; j < cols; j += 4) {
      const col = min(j, cols - 4);
      const p = source + (col << 2);
      const a = v128.load(p);
      const b = v128.load(p + xBytes);
      const c = v128.load(p + 2 * xBytes);
      const d = v128.load(p + 3 * xBytes);
      storeTurned(a, b, c, d, target + col * outBytes, outBytes);
    }
  }
}

/** Four vectors as the columns of four at `to` and after, `step` bytes apart. */
export function storeTurned(a: v128, b: v128, c: v128, d: v128, to: usize, step: usize): void {
  const ab = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
  const cd = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
  const ab2 = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
  const cd2 = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<i32>(ab, cd, 0, 1, 4, 5));
  v128.store(to + step, v128.shuffle<i32>(ab, cd, 2, 3, 6, 7));
  v128.store(to + 2 * step, v128.shuffle<i32>(ab2, cd2, 0, 1, 4, 5));
  v128.store(to + 3 * step, v128.shuffle<i32>(ab2, cd2, 2, 3, 6, 7));
}
