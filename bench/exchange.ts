/** Exchanges two neighbours a long stride further on: another input, with the same numbers in it. */
export function exchangeNext(x: Float32Array, at: number): number {
  const next = (at + 7919) % (x.length - 1);
  const kept = x[next];
  x[next] = x[next + 1];
  x[next + 1] = kept;
  return next;
}
