import { describe, it } from "vitest";
import { BLOCK, QUADS_BYTES } from "../../src/backend/backend.js";
import { classes, distributions, type Sample, sprinkled } from "../support/samples.js";
import { cycled, FLOATS, LENGTHS, mirror, perRow, SPECIALS } from "./mirror.js";

const SCALES = [1, 1 / 3, 0, -2, 1e-45, 1e30];
const SPIKES = [1, 0.9, 0, 2.5, 1e-30];
const LAMBDAS = [0, 1e-4, 2];

const BASES: readonly (readonly [string, Sample])[] = [
  ["a distribution", (n, seed) => distributions(1, n, seed)],
  ["one class", (n, seed) => new Float32Array(n).map((_, i) => (i === seed % n ? 1 : 0))],
  ["the same for all", (n) => new Float32Array(n).fill(0.1 / n)],
  ["zeros", (n, seed) => sprinkled(new Float32Array(n), seed, [-0], 2)],
  ["special", (n, seed) => sprinkled(distributions(1, n, seed), seed, [...SPECIALS, -2, 3e38], 9)],
];

/** A label a row, now and then none. */
function labelsFor(rows: number, cols: number, seed: number): Int32Array {
  return classes(rows, cols, seed).map((label, row) =>
    cols === 0 || (row + seed) % 4 === 3 ? -1 - (seed % 100) : label,
  );
}

/** Runs the kernel on a batch: no gradient, one apart, and in place, with and without the extra outputs. */
function compare(
  rows: number,
  cols: number,
  sample: Sample,
  base: "none" | "shared" | "per row",
  labelled: boolean,
): void {
  const seed = rows + cols;
  const n = rows * cols;
  const [title, targets] = cycled(BASES, seed);
  for (const zLoss of LAMBDAS) {
    for (const extra of [false, true]) {
      // Of long rows two of the six, which the length chooses: in all they are met often enough.
      if (cols > 67 && (LAMBDAS.indexOf(zLoss) + cols) % 3 !== 0) continue;
      mirror.clear();
      const x = mirror.put(sample(n, seed));
      const bases = base === "none" ? 0 : mirror.put(targets(base === "shared" ? cols : n, seed));
      const step = base === "per row" ? cols * 4 : 0;
      const labels = labelled ? mirror.put(labelsFor(rows, cols, seed)) : 0;
      const spikes = labelled ? mirror.put(perRow(rows, SPIKES, cols)) : 0;
      const scales = mirror.put(perRow(rows, SCALES, cols));
      const grad = mirror.floats(n);
      const losses = mirror.doubles(rows);
      const lses = extra ? mirror.doubles(rows) : 0;
      const state = mirror.scratch(QUADS_BYTES);
      const maxima = mirror.scratch(Math.ceil(cols / BLOCK) * 4);
      const e = mirror.scratch(BLOCK * 4);
      const run = (how: string, to: number) =>
        mirror.same(`${rows} × ${cols}, base ${base} (${title}), λ ${zLoss}, extra ${extra}, ${how}`, (k) =>
          k.softmaxCrossEntropyGeneral(
            x,
            bases,
            step,
            labels,
            spikes,
            scales,
            zLoss,
            to,
            losses,
            lses,
            rows,
            cols,
            state,
            to || base !== "none" ? maxima : 0,
            e,
          ),
        );
      run("no gradient", 0);
      run("gradient apart", grad);
      run("in place", x);
    }
  }
}

describe.each(FLOATS)("simd and js have the same bits, logits %s:", (_, sample) => {
  const cases = (["none", "shared", "per row"] as const).flatMap(
    (base) =>
      [
        [base, false],
        [base, true],
      ] as const,
  );

  it.each(cases)("softmaxCrossEntropyGeneral, base %s, labels %s", (base, labelled) => {
    for (const cols of LENGTHS.filter((n) => n < 10 || n % 7 === 0 || n > 64)) {
      for (const rows of cols < 5 ? [0, 1, 9] : cols > 128 ? [2] : [1, 21]) compare(rows, cols, sample, base, labelled);
    }
  });

  it("its parts, for a row taken in tiles of columns", () => {
    for (const n of [1, 67, 2049, 6145]) {
      for (const based of [false, true]) {
        mirror.clear();
        const values = sample(n, n);
        const label = n >> 1;
        const x = mirror.put(values);
        const t = mirror.put(cycled(BASES, n)[1](n, n));
        const grad = mirror.floats(n);
        const state = mirror.state();
        const maxima = mirror.floats(Math.ceil(n / BLOCK));
        const zLoss = cycled(LAMBDAS, n);
        const spike = cycled(SPIKES, n);
        const top = values.reduce((a, b) => Math.max(a, b), -Infinity);
        mirror.same(`${n}, base ${based}`, (k) => {
          k.begin(state);
          for (let i = 0; i < n; i += BLOCK) {
            const count = Math.min(BLOCK, n - i);
            const at = i * 4;
            if (based) k.accumulateDense(state, maxima + i / 512, x + at, t + at, grad + at, true, count);
            else k.accumulate(state, maxima + i / 512, x + at, grad + at, count, true);
          }
          k.finish(state);
        });
        const lse = mirror.simd.logSumExpOf(state, top);
        mirror.same(`${n}, log-sum-exp`, (k) => k.logSumExpOf(state, top));
        mirror.same(`${n}, loss`, (k) => k.generalLoss(state, values[label], spike, zLoss, lse));
        const stored = mirror.float(grad + label * 4);
        const max = mirror.float(maxima + (label >> 11) * 4);
        mirror.same(`${n}, at the label`, (k) =>
          k.labelGradient(state, values[label], stored, max, based ? 0.25 : 0, spike, zLoss, lse),
        );
        mirror.same(`${n}, gradient`, (k) => {
          for (let i = 0; i < n; i += BLOCK) {
            const at = i * 4;
            const count = Math.min(BLOCK, n - i);
            k.generalApply(state, maxima + i / 512, based ? t + at : 0, grad + at, count, spike, zLoss, lse, 0.7);
          }
        });
      }
    }
  });
});
