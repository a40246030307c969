/**
 * a·b + c in float32, product and sum rounded.
 *
 * All float32 arithmetic here is float64 arithmetic, rounded by Math.fround after each operation. That gives the bits of
 * the float32 operation for +, −, × and ÷: 53 bits are at least twice 24 and two more, so rounding to them first never
 * changes what rounding to 24 gives (Figueroa, "When is double rounding innocuous?", 1995). Where a result is exact
 * in float32 anyway the call is left out, and the code says so.
 */
const { fround } = Math;

export function madd(a: number, b: number, c: number): number {
  return fround(fround(a * b) + c);
}
