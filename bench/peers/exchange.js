/** Exchanges two neighbours a long stride further on: another input, with the same numbers in it. */
export function exchangeNext(x, at) {
  const next = (at + 7919) % (x.length - 1);
  const kept = x[next];
  x[next] = x[next + 1];
  x[next + 1] = kept;
  return next;
}

/** Two inputs that differ a little, for libraries whose arrays can't be written to: calls take turns. */
export function twoInputs(x) {
  const other = x.slice();
  exchangeNext(other, 0);
  return [x, other];
}
