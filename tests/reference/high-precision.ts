// Real numbers to 512 binary places, to judge the float64 reference with: x is held as the integer x·2^512.
// Floats convert exactly (down to 2^−512), so a formula written literally here loses digits only far below the 53 bits
// that are compared: [30, 0, 0] cancels 43 bits, [100, −100] 288.

/** A real number x as the integer x·2^512. */
export type Fixed = bigint;

const PLACES = 512n;
export const ONE: Fixed = 1n << PLACES;

const float64 = new DataView(new ArrayBuffer(8));

/** A finite float64, exactly. */
export function fixed(x: number): Fixed {
  if (!Number.isFinite(x)) throw new RangeError(`${x} is not finite`);
  float64.setFloat64(0, Math.abs(x));
  const bits = float64.getBigUint64(0);
  const exponent = bits >> 52n;
  const fraction = bits & ((1n << 52n) - 1n);
  const mantissa = exponent === 0n ? fraction : fraction | (1n << 52n);
  const shift = PLACES + (exponent === 0n ? 1n : exponent) - 1075n;
  const magnitude = shift < 0n ? mantissa >> -shift : mantissa << shift;
  return x < 0 ? -magnitude : magnitude;
}

export const mul = (a: Fixed, b: Fixed): Fixed => (a * b) >> PLACES;
export const div = (a: Fixed, b: Fixed): Fixed => (a << PLACES) / b;
export const abs = (a: Fixed): Fixed => (a < 0n ? -a : a);
export const sum = (values: readonly Fixed[]): Fixed => values.reduce((total, value) => total + value, 0n);

/** Σ a_i·b_i. */
export const dot = (a: readonly Fixed[], b: readonly Fixed[]): Fixed => sum(a.map((value, i) => mul(value, b[i])));

/** 2·atanh(y) = 2·(y + y³/3 + y⁵/5 + …), for |y| well below 1. */
function twoAtanh(y: Fixed): Fixed {
  const square = mul(y, y);
  let total = 0n;
  let power = y;
  for (let n = 1n; power !== 0n && power !== -1n; n += 2n) {
    total += power / n;
    power = mul(power, square);
  }
  return 2n * total;
}

const LN2 = twoAtanh(ONE / 3n);

/** Natural logarithm: x = 2^k·m with m in [½, 1)·√2 or so, log m = 2·atanh((m − 1)/(m + 1)). */
export function log(x: Fixed): Fixed {
  if (x <= 0n) throw new RangeError("logarithm of a number that is not above 0");
  let k = BigInt(x.toString(2).length) - PLACES;
  let m = k > 0n ? x >> k : x << -k;
  if (m < (ONE * 3n) / 4n) {
    m *= 2n;
    k -= 1n;
  }
  return k * LN2 + twoAtanh(div(m - ONE, m + ONE));
}

/** Exponential: x = k·log 2 + r, exp(r) = exp(r/2^20)^(2^20) by Taylor's series. */
export function exp(x: Fixed): Fixed {
  const halvings = 20n;
  const k = x / LN2;
  const r = (x - k * LN2) >> halvings;
  let total = ONE;
  let term = ONE;
  for (let n = 1n; term !== 0n && term !== -1n; n += 1n) {
    term = mul(term, r) / n;
    total += term;
  }
  for (let i = 0n; i < halvings; i += 1n) total = mul(total, total);
  return k < 0n ? total >> -k : total << k;
}

/** |got − want| in units of `unit` (default: relative to `want`). */
export function errorOf(got: number, want: Fixed, unit: Fixed = want): number {
  const difference = abs(fixed(got) - want);
  if (difference === 0n) return 0;
  return unit === 0n ? Infinity : Number((difference << 100n) / abs(unit)) / 2 ** 100;
}
