/**
 * Writes n numbers of an array of several axes, in the order of the axes' indices, from the one at `start` on. `steps`: how
 * far apart in `from` the neighbours along each axis are; 0 repeats one. There is an axis at least.
 */
export function copyStrided(
  from: Float32Array,
  shape: readonly number[],
  steps: readonly number[],
  start: number,
  n: number,
  to: Float32Array,
  at: number,
): void {
  const index = new Array<number>(shape.length).fill(0);
  let offset = 0;
  for (let axis = shape.length - 1, rest = start; axis >= 0; axis--) {
    index[axis] = rest % shape[axis];
    rest = Math.floor(rest / shape[axis]);
    offset += index[axis] * steps[axis];
  }
  const last = shape.length - 1;
  for (let i = at, end = at + n; i < end; ) {
    // As far as the last axis goes, nothing needs to be carried.
    const run = Math.min(end, i + shape[last] - index[last]);
    index[last] += run - i;
    for (; i < run; i++, offset += steps[last]) to[i] = from[offset];
    for (let axis = last; axis > 0 && index[axis] === shape[axis]; axis--) {
      offset += steps[axis - 1] - shape[axis] * steps[axis];
      index[axis] = 0;
      index[axis - 1]++;
    }
  }
}
