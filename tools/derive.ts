/**
 * Derives the constants of assembly/math: `npm run derive`. Each polynomial is the minimax one on the interval and with
 * the weight stated, its coefficients rounded one after the other (remez.ts); the error is that of the rounded one.
 */
import { type Fit, fit as minimax } from "./remez.js";
import { runTool } from "./support/tool.js";

const USAGE = `Usage: npm run derive

  --help   this text`;

interface Constant extends Fit {
  name: string;
  meaning: string;
}

/** Σ_{k≥0} term(k): for functions whose closed form cancels near 0. */
function series(term: (k: number) => number): number {
  let sum = 0;
  for (let k = 0; k < 400; k++) {
    const t = term(k);
    sum += t;
    if (Math.abs(t) < 1e-22 * Math.abs(sum)) break;
  }
  return sum;
}

function factorial(n: number): number {
  return n < 2 ? 1 : n * factorial(n - 1);
}

const exact = (c: number) => c;

const constants: Constant[] = [
  {
    name: "exp.q",
    meaning: "(exp(t) - 1 - t)/t²; error relative to exp(t)",
    f: (t) => series((k) => t ** k / factorial(k + 2)),
    weight: (t) => (t * t) / Math.exp(t),
    from: -Math.LN2 / 2,
    to: Math.LN2 / 2,
    degree: 4,
  },
  {
    name: "log.p",
    meaning: "(log(1 + f) - f + f²/2)/f³; error relative to log(1 + f)",
    f: (f) => (Math.abs(f) < 0.2 ? series((k) => (-f) ** k / (k + 3)) : (Math.log1p(f) - f + (f * f) / 2) / f ** 3),
    weight: (f) => (f === 0 ? 0 : f ** 3 / Math.log1p(f)),
    from: Math.SQRT1_2 - 1,
    to: 0.5,
    degree: 8,
  },
  {
    name: "tanh.p",
    meaning: "(tanh(x)/x - 1)/x² in y = x² for |x| ≤ 0.6; error relative to tanh(x)",
    f: (y) => {
      const x = Math.sqrt(y);
      return y < 1e-3 ? -1 / 3 + y * (2 / 15 - y * (17 / 315 - y * (62 / 2835))) : (Math.tanh(x) / x - 1) / y;
    },
    weight: (y) => (y === 0 ? 0 : (y * Math.sqrt(y)) / Math.tanh(Math.sqrt(y))),
    from: 0,
    to: 0.36,
    degree: 5,
  },
  {
    name: "logit.q",
    meaning: "(atanh(s)/s - 1)/s² in y = s² for |s| ≤ 1/2; error relative to atanh(s)",
    f: (y) => series((k) => y ** k / (2 * k + 3)),
    weight: (y) => (y === 0 ? 0 : (y * Math.sqrt(y)) / Math.atanh(Math.sqrt(y))),
    from: 0,
    to: 0.25,
    degree: 5,
  },
  {
    name: "log1p.q",
    meaning: "(2·atanh(d/2)/d - 1)/d² in z = d² for |d| ≤ 0.4; error relative to 2·atanh(d/2)",
    f: (z) => series((k) => z ** k / ((2 * k + 3) * 4 ** (k + 1))),
    weight: (z) => (z === 0 ? 0 : (z * Math.sqrt(z)) / (2 * Math.atanh(Math.sqrt(z) / 2))),
    from: 0,
    to: 0.16,
    degree: 2,
  },
  {
    name: "logistic.p (float64)",
    meaning: "(atanh(s)/s - 1)/s² in y = s² for |s| ≤ 1/3; error relative to atanh(s)",
    f: (y) => series((k) => y ** k / (2 * k + 3)),
    weight: (y) => y,
    from: 0,
    to: 1 / 9,
    degree: 3,
    round: exact,
  },
  {
    name: "scalar.log1p.p (float64)",
    meaning: "(atanh(s)/s - 1)/s² in y = s² for |s| ≤ 1/5; error relative to atanh(s)",
    f: (y) => series((k) => y ** k / (2 * k + 3)),
    weight: (y) => y,
    from: 0,
    to: 0.04,
    degree: 4,
    round: exact,
  },
  {
    name: "distillation.q (float64)",
    meaning: "((exp(t) - 1 - t)/t² - 1/2)/t; error relative to exp(t) - 1 - t",
    f: (t) => series((k) => t ** k / factorial(k + 3)),
    weight: (t) => Math.abs(t) / series((k) => t ** k / factorial(k + 2)),
    from: -Math.LN2 / 2,
    to: Math.LN2 / 2,
    degree: 4,
    round: exact,
  },
  {
    name: "logPass.q",
    meaning: "(atanh(s)/s - 1)/s² in y = s² for |s| ≤ 1/3; error relative to atanh(s)",
    f: (y) => series((k) => y ** k / (2 * k + 3)),
    weight: (y) => (y === 0 ? 0 : (y * Math.sqrt(y)) / Math.atanh(Math.sqrt(y))),
    from: 0,
    to: 1 / 9,
    degree: 3,
  },
];

function hex(value: number): string {
  return `0x${new Uint32Array(new Float32Array([value]).buffer)[0].toString(16).padStart(8, "0")}`;
}

function show(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** The upper `bits` bits of a number's significand. */
function upper(value: number, bits: number): number {
  const word = new Uint32Array(new Float32Array([value]).buffer);
  word[0] &= ~((1 << (24 - bits)) - 1);
  return new Float32Array(word.buffer)[0];
}

await runTool(USAGE, {}, () => {
  const high = upper(Math.LN2, 14);
  show("reduction: x = n·ln 2 + t");
  show(`  1/ln 2     ${Math.fround(1 / Math.LN2)}  ${hex(1 / Math.LN2)}`);
  show(`  ln 2 high  ${high}  ${hex(high)}  14 bits: exact times n for |n| < 1024`);
  show(`  −ln 2 low  ${Math.fround(high - Math.LN2)}  ${hex(high - Math.LN2)}`);
  for (const constant of constants) {
    const { coefficients, error } = minimax(constant);
    show(`\n${constant.name}: ${constant.meaning}`);
    show(`  interval [${constant.from}, ${constant.to}], degree ${constant.degree}`);
    show(`  largest error ${(error * 2 ** 24).toFixed(4)}·2^-24 = 2^${Math.log2(error).toFixed(2)}`);
    for (const [k, c] of coefficients.entries()) show(`  ${k}  ${c}${constant.round ? "" : `  ${hex(c)}`}`);
  }
  return true;
});
