/**
 * Writes n numbers of an array of several axes, in the order of the axes' indices, from the one at `start` on. `steps`: how
 * far apart in `from` the neighbours along each axis are; 0 repeats one.
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
  for (let i = 0; i < n; i++) {
    to[at + i] = from[offset];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      offset += steps[axis];
      if (++index[axis] < shape[axis]) break;
      index[axis] = 0;
      offset -= shape[axis] * steps[axis];
    }
  }
}
