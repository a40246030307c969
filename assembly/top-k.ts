/**
 * topK: the k largest elements of a row in falling order, ties by index, NaN before all else.
 *
 * A heap of the best k so far, the worst of them at its root, is kept in the outputs; heapsort then puts it in order.
 * x: rows × cols floats; values: rows × k floats; indices: rows × k i32; 0 ≤ k ≤ cols.
 */
export function topK(x: usize, values: usize, indices: usize, rows: usize, cols: usize, k: usize): void {
  for (let row: usize = 0; row < rows; row++, x += cols << 2, values += k << 2, indices += k << 2) {
    if (k > 0) topKRow(x, values, indices, cols, k);
  }
}

function topKRow(x: usize, values: usize, indices: usize, cols: usize, k: usize): void {
  for (let i: usize = 0; i < k; i++) put(values, indices, i, load<f32>(x + (i << 2)), <i32>i);
  for (let i = k >> 1; i > 0; i--) sink(values, indices, i - 1, k);
  // An equal element further back is no better, so only a larger key replaces the root.
  let worst = key(load<f32>(values));
  for (let i = k; i < cols; i++) {
    i = nextAbove(x, i, cols, load<f32>(values));
    if (i >= cols) break;
    const v = load<f32>(x + (i << 2));
    if (key(v) > worst) {
      put(values, indices, 0, v, <i32>i);
      sink(values, indices, 0, k);
      worst = key(load<f32>(values));
    }
  }
  for (let n = k - 1; n > 0; n--) {
    const v = load<f32>(values);
    const at = load<i32>(indices);
    put(values, indices, 0, load<f32>(values + (n << 2)), load<i32>(indices + (n << 2)));
    put(values, indices, n, v, at);
    sink(values, indices, 0, n);
  }
}

/** Skips, eight at a time from i on, elements that are neither above `worst` nor NaN. Returns where it stopped, at most n. */
function nextAbove(x: usize, i: usize, n: usize, worst: f32): usize {
  const limit = f32x4.splat(worst);
  for (; i + 8 <= n; i += 8) {
    const a = f32x4.le(v128.load(x + (i << 2)), limit);
    const b = f32x4.le(v128.load(x + (i << 2), 16), limit);
    if (!i32x4.all_true(v128.and(a, b))) return i;
  }
  return i;
}

/** An integer in the order of the floats, the zeros equal, NaN on top. */
function key(v: f32): i32 {
  if (isNaN(v)) return i32.MAX_VALUE;
  const bits = reinterpret<i32>(v + 0);
  return bits ^ ((bits >> 31) >>> 1);
}

function put(values: usize, indices: usize, i: usize, value: f32, index: i32): void {
  store<f32>(values + (i << 2), value);
  store<i32>(indices + (i << 2), index);
}

/** Its key, and below that its index: a number that is less the further back element i comes. So one comparison does. */
function order(values: usize, indices: usize, i: usize): i64 {
  const first = <i64>key(load<f32>(values + (i << 2)));
  return (first << 32) - <i64>load<u32>(indices + (i << 2));
}

/**
 * Lets element i of a heap of n sink below every child that comes behind it. Which child that is, is random, and a branch
 * would be guessed wrong; so the result of the comparison is added.
 */
function sink(values: usize, indices: usize, i: usize, n: usize): void {
  const own = order(values, indices, i);
  const value = load<f32>(values + (i << 2));
  const index = load<i32>(indices + (i << 2));
  for (;;) {
    let child: usize = 2 * i + 1;
    if (child >= n) break;
    let least = order(values, indices, child);
    if (child + 1 < n) {
      const right = order(values, indices, child + 1);
      child += <usize>(right < least);
      least = min(right, least);
    }
    if (least >= own) break;
    put(values, indices, i, load<f32>(values + (child << 2)), load<i32>(indices + (child << 2)));
    i = child;
  }
  put(values, indices, i, value, index);
}
