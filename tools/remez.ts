/**
 * Minimax polynomials with float32 coefficients.
 *
 * Remez exchange (E. Remez 1934; see Muller, Elementary Functions, ch. 3) finds the polynomial whose largest weighted
 * error on an interval is smallest. Rounding its coefficients to float32 one by one would spoil it, so after each
 * coefficient is rounded, lowest degree first, the rest are fitted anew around it: the later, smaller terms absorb what
 * the earlier ones lost.
 */

export interface Fit {
  /** What to approximate on [from, to]. */
  f: (x: number) => number;
  /** The error at x is weighted by this: 1 for absolute, 1/f for relative error. */
  weight: (x: number) => number;
  from: number;
  to: number;
  degree: number;
  /** Rounds a coefficient to the format it is stored in; Math.fround by default. */
  round?: (c: number) => number;
}

export interface Fitted {
  /** Lowest degree first. */
  coefficients: number[];
  /** Largest weighted error of the rounded polynomial, evaluated in float64. */
  error: number;
}

/** The polynomial at x, coefficients lowest degree first, in float64. */
function horner(coefficients: readonly number[], x: number): number {
  let sum = 0;
  for (let i = coefficients.length - 1; i >= 0; i--) sum = sum * x + coefficients[i];
  return sum;
}

/** Solves a·x = b in place by Gaussian elimination with partial pivoting. */
function solve(a: number[][], b: number[]): number[] {
  const n = b.length;
  for (let col = 0; col < n; col++) {
    let pivot = col;
    for (let row = col + 1; row < n; row++) if (Math.abs(a[row][col]) > Math.abs(a[pivot][col])) pivot = row;
    [a[col], a[pivot]] = [a[pivot], a[col]];
    [b[col], b[pivot]] = [b[pivot], b[col]];
    for (let row = col + 1; row < n; row++) {
      const factor = a[row][col] / a[col][col];
      for (let k = col; k < n; k++) a[row][k] -= factor * a[col][k];
      b[row] -= factor * b[col];
    }
  }
  const x = new Array<number>(n).fill(0);
  for (let row = n - 1; row >= 0; row--) {
    let sum = b[row];
    for (let k = row + 1; k < n; k++) sum -= a[row][k] * x[k];
    x[row] = sum / a[row][row];
  }
  return x;
}

const GRID = 4000;

/** Chebyshev-spaced points: dense at both ends, where the extrema crowd. */
function gridOf(from: number, to: number): number[] {
  return Array.from({ length: GRID + 1 }, (_, i) => from + ((to - from) * (1 - Math.cos((Math.PI * i) / GRID))) / 2);
}

/** Remez exchange for the coefficients of degrees first..degree, the lower ones being given. */
function exchange({ f, weight, from, to, degree }: Fit, given: readonly number[]): number[] {
  const first = given.length;
  const count = degree - first + 2;
  const xs = gridOf(from, to).filter((x) => Number.isFinite(weight(x)) && weight(x) !== 0);
  const target = xs.map((x) => f(x) - horner(given, x));
  const weights = xs.map(weight);
  // Evenly spaced on a Chebyshev grid: the extrema of a Chebyshev polynomial, a good first guess.
  let chosen = Array.from({ length: count }, (_, i) => Math.round((i * (xs.length - 1)) / (count - 1)));
  const center = (from + to) / 2;
  const half = (to - from) / 2;
  const basis = (x: number) => {
    const u = (x - center) / half;
    const t = [1, u];
    for (let k = 2; k < count - 1; k++) t.push(2 * u * t[k - 1] - t[k - 2]);
    return t.slice(0, count - 1).map((value) => value * x ** first);
  };
  const rows = xs.map(basis);
  let best: number[] = [];
  let smallest = Infinity;
  for (let iteration = 0; iteration < 100; iteration++) {
    const solution = solve(
      chosen.map((g, i) => [...rows[g], (i % 2 === 0 ? 1 : -1) / weights[g]]),
      chosen.map((g) => target[g]),
    );
    const free = solution.slice(0, -1);
    const level = Math.abs(solution[count - 1]);
    const errors = rows.map((row, i) => weights[i] * (target[i] - row.reduce((sum, t, k) => sum + t * free[k], 0)));
    // One extremum per run of equal sign; if there are more runs than needed, the window with the largest minimum.
    const extrema: number[] = [];
    for (let i = 0; i < errors.length; i++) {
      const last = extrema[extrema.length - 1];
      if (last === undefined || errors[i] > 0 !== errors[last] > 0) extrema.push(i);
      else if (Math.abs(errors[i]) > Math.abs(errors[last])) extrema[extrema.length - 1] = i;
    }
    const worst = Math.max(...errors.map(Math.abs));
    if (worst < smallest) [smallest, best] = [worst, free];
    if (worst <= level * 1.0001) break;
    if (extrema.length < count) {
      chosen = exchangeOne(chosen, errors);
      continue;
    }
    let start = 0;
    let startLevel = -1;
    for (let s = 0; s + count <= extrema.length; s++) {
      const lowest = Math.min(...extrema.slice(s, s + count).map((i) => Math.abs(errors[i])));
      if (lowest > startLevel) [start, startLevel] = [s, lowest];
    }
    chosen = extrema.slice(start, start + count);
  }
  return monomials(best, center, half);
}

/** Takes the point of the largest error in, for its neighbour of the same sign. */
function exchangeOne(chosen: readonly number[], errors: readonly number[]): number[] {
  let worst = 0;
  for (let i = 0; i < errors.length; i++) if (Math.abs(errors[i]) > Math.abs(errors[worst])) worst = i;
  const sign = (i: number) => errors[i] > 0;
  const next = [...chosen];
  const after = next.findIndex((g) => g > worst);
  if (after < 0) {
    if (sign(next[next.length - 1]) !== sign(worst)) next.shift();
    else next.pop();
    next.push(worst);
  } else if (after === 0) {
    if (sign(next[0]) !== sign(worst)) next.pop();
    else next.shift();
    next.unshift(worst);
  } else {
    next[sign(next[after - 1]) === sign(worst) ? after - 1 : after] = worst;
  }
  return next;
}

/** Coefficients in powers of x of Σ a_k·T_k((x − center) / half). */
function monomials(a: readonly number[], center: number, half: number): number[] {
  const timesU = (p: readonly number[]) => {
    const product = new Array<number>(p.length + 1).fill(0);
    for (const [k, c] of p.entries()) {
      product[k + 1] += c / half;
      product[k] -= (c * center) / half;
    }
    return product;
  };
  const sum = new Array<number>(a.length).fill(0);
  let previous: number[] = [];
  let current = [1];
  for (const coefficient of a) {
    for (const [k, c] of current.entries()) sum[k] += coefficient * c;
    const next = timesU(current).map((c, k) => (previous.length === 0 ? c : 2 * c) - (previous[k] ?? 0));
    [previous, current] = [current, next];
  }
  return sum;
}

/** The minimax polynomial with every coefficient rounded. */
export function fit(problem: Fit): Fitted {
  const round = problem.round ?? Math.fround;
  const coefficients: number[] = [];
  for (let k = 0; k <= problem.degree; k++) coefficients.push(round(exchange(problem, coefficients)[0]));
  const error = Math.max(
    ...gridOf(problem.from, problem.to).map((x) => {
      const e = Math.abs(problem.weight(x) * (problem.f(x) - horner(coefficients, x)));
      return Number.isFinite(e) ? e : 0;
    }),
  );
  return { coefficients, error };
}
