// What the exhaustive verification judges: every function of one float, its truth in float64, and the bound it must keep.
//
// A truth is within a few units of float64's last place, 2^-26 ULP of float32. The short series next to the library's
// functions are for speed alone: most floats are tiny, and there a series of a few terms is as good.

const { exp, log, log1p: libraryLog1p, tanh: libraryTanh } = Math;

function expOf(x: number): number {
  if (x < 2 ** -11 && x > -(2 ** -11)) return 1 + x * (1 + x * (1 / 2 + x * (1 / 6 + x * (1 / 24))));
  return exp(x);
}

function logOf(x: number): number {
  return x < 0 ? Number.NaN : log(x);
}

function log1pOf(x: number): number {
  if (x < 2 ** -13 && x > -(2 ** -13)) return x * (1 - x * (1 / 2 - x * (1 / 3 - x * (1 / 4))));
  return x < -1 ? Number.NaN : libraryLog1p(x);
}

function tanhOf(x: number): number {
  const size = Math.abs(x);
  if (size < 2 ** -8) return x * (1 - x * x * (1 / 3 - x * x * (2 / 15)));
  return size > 20 ? Math.sign(x) : libraryTanh(x);
}

function sigmoidOf(x: number): number {
  if (x < 2 ** -10 && x > -(2 ** -10)) return 1 / 2 + x * (1 / 4 - x * x * (1 / 48 - x * x * (1 / 480)));
  if (x > 40) return 1;
  const e = exp(-Math.abs(x));
  return (x < 0 ? e : 1) / (1 + e);
}

function softplusOf(x: number): number {
  if (x < 2 ** -10 && x > -(2 ** -10)) return Math.LN2 + x * (1 / 2 + x * (1 / 8 - x * x * (1 / 192)));
  if (x < -40) return exp(x);
  return x > 40 ? x : Math.max(x, 0) + libraryLog1p(exp(-Math.abs(x)));
}

function logitOf(p: number): number {
  if (p < 0 || p > 1) return Number.NaN;
  // Around ½ the quotient is nearly 1: log1p of (2p − 1)/(1 − p), whose numerator is exact.
  return p > 0.25 && p < 0.75 ? libraryLog1p((2 * p - 1) / (1 - p)) : log(p / (1 - p));
}

export interface FloatFunction {
  readonly name: string;
  /** The kernel that computes it (elementary.ts). */
  readonly kernel: Kernel;
  readonly truth: (x: number) => number;
  /** What errors are counted in: the last place of the true result, or its 2^-24th part. */
  readonly unit: "ULP" | "2^-24";
  /** Adds half the result's significand: what a factor that was rounded can add to an error in ULP of the product. */
  readonly withReciprocal?: boolean;
  readonly bound: number;
  /** Whether the sign of a zero counts. */
  readonly zeroSign: boolean;
  /** Bits of the arguments, from and up to (excluded). */
  readonly ranges: readonly (readonly [from: number, to: number])[];
}

export type Kernel =
  | "expAll"
  | "logAll"
  | "log1pAll"
  | "tanhAll"
  | "sigmoid"
  | "softplus"
  | "logSigmoid"
  | "logit"
  | "sigmoidLoss"
  | "sigmoidGradient"
  | "softcap30"
  | "scaledExpAll";

const ALL = [[0, 2 ** 32]] as const;
const UP_TO_432 = [
  [0, 0x43d80001],
  [0x80000000, 0xc3d80001],
] as const;

const RELATIVE = { unit: "2^-24" } as const;
const DEFAULTS = { unit: "ULP", ranges: ALL, zeroSign: true } as const;

const ROW_EXP = { ...DEFAULTS, ...RELATIVE, kernel: "scaledExpAll", truth: expOf, ranges: UP_TO_432 } as const;

export const FUNCTIONS: readonly FloatFunction[] = [
  { ...DEFAULTS, name: "exp", kernel: "expAll", truth: expOf, bound: 1 },
  { ...DEFAULTS, name: "log", kernel: "logAll", truth: logOf, bound: 1 },
  { ...DEFAULTS, name: "log1p", kernel: "log1pAll", truth: log1pOf, bound: 1 },
  { ...DEFAULTS, name: "tanh", kernel: "tanhAll", truth: tanhOf, bound: 1 },
  { ...DEFAULTS, name: "softcap 30", kernel: "softcap30", truth: (x) => 30 * tanhOf(x / 30), bound: 3 },
  { ...DEFAULTS, name: "sigmoid", kernel: "sigmoid", truth: sigmoidOf, bound: 2.5 },
  { ...DEFAULTS, name: "softplus", kernel: "softplus", truth: softplusOf, bound: 2 },
  { ...DEFAULTS, name: "logSigmoid", kernel: "logSigmoid", truth: (x) => -softplusOf(-x), bound: 2 },
  { ...DEFAULTS, name: "logit", kernel: "logit", truth: logitOf, bound: 1.5 },
  // Sigmoid cross-entropy for a target of 1.
  { ...DEFAULTS, name: "sigmoid loss", kernel: "sigmoidLoss", truth: (x) => softplusOf(-x), bound: 2 },
  {
    ...DEFAULTS,
    name: "sigmoid gradient",
    kernel: "sigmoidGradient",
    truth: (x) => -sigmoidOf(-x),
    bound: 2,
    zeroSign: false, // 0 − e
  },
  // What the derivation of the rows' bounds starts from (docs/numerics.md).
  { ...ROW_EXP, name: "row exp", bound: 1.28 },
  { ...ROW_EXP, name: "row exp with factor", bound: 1.99, withReciprocal: true },
];
