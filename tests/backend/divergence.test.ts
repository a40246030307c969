import { describe, it } from "vitest";
import { BLOCK, type Kernels } from "../../src/backend/backend.js";
import { spread, sprinkled } from "../support/samples.js";
import { cycled, LENGTHS, mirror, PROBABILITIES } from "./mirror.js";

/** Bytes of what the kernels ask for at most. */
const SCRATCH = (4 * BLOCK + 16) * 4;
const SCALES = [1, 1 / 3, 0, 1e-40, -2, 3e38];
const STARTS = [0, 1.5, -1e-20];

/** Ways to read n numbers as rows: one, and as many as can be of a few columns. */
function shapesOf(n: number): [rows: number, cols: number][] {
  const columns = [1, 3, 4, 10, 63, 500].filter((cols) => 2 * cols <= n);
  return [[1, n], ...columns.map((cols): [number, number] => [Math.floor(n / cols), cols])];
}

/** As above, but of many numbers a single way: the next one for the next kind of operand. */
function someShapesOf(n: number, kind: number): [rows: number, cols: number][] {
  const shapes = shapesOf(n);
  return n > 1000 ? [cycled(shapes, kind)] : shapes;
}

/** Each number times one that is 1 or near it. */
function near(values: Float32Array, seed: number): Float32Array {
  const factors = spread(values.length, seed, -1, 1);
  return values.map((v, i) => v * (1 + cycled([0, 1e-7, 1e-4, 0.1], i) * factors[i]));
}

const NUMBERED = PROBABILITIES.map(([title, sample], number) => [title, sample, number] as const);

describe.each(NUMBERED)("simd and js have the same bits, p %s:", (_, sample, number) => {
  it("entropy", () => {
    for (const n of LENGTHS) {
      mirror.clear();
      const p = mirror.put(sample(n, n));
      const e = mirror.scratch(SCRATCH);
      const sums = mirror.doubles(Math.max(1, n));
      for (const [rows, cols] of shapesOf(n)) {
        mirror.same(`${rows} x ${cols}`, (k) => k.entropy(p, e, rows, cols, sums));
      }
    }
  });

  const others = [...PROBABILITIES, ["near p", (n: number, seed: number) => near(sample(n, seed), seed)] as const];

  it.each(["crossEntropy", "klDivergence", "jensenShannon"] as const)("%s, q of every kind", (name) => {
    for (const [i, [title, other]] of others.entries()) {
      for (const n of LENGTHS) {
        const scale = cycled(SCALES, n);
        for (const [rows, cols] of someShapesOf(n, number + i)) {
          const what = `q ${title}, ${rows} x ${cols}`;
          mirror.clear();
          const p = mirror.put(sample(n, n));
          const q = mirror.put(other(n, title === "near p" ? n : n + 1));
          const grad = mirror.floats(n);
          const sums = mirror.doubles(rows);
          const e = mirror.scratch(SCRATCH);
          const run = (k: Kernels, to: number) => k[name](p, q, to, e, rows, cols, scale, sums);
          mirror.same(`${what}, no gradient`, (k) => run(k, 0));
          mirror.same(what, (k) => run(k, grad));
          mirror.same(`${what}, in place`, (k) => run(k, q));
        }
      }
    }
  });

  it("binaryCrossEntropy, targets of every kind", () => {
    for (const [title, other] of PROBABILITIES) {
      for (const n of LENGTHS) {
        const scale = cycled(SCALES, n);
        const start = cycled(STARTS, n);
        const what = `t ${title}, ${n}`;
        mirror.clear();
        const q = mirror.put(sample(n, n));
        const t = mirror.put(other(n, n + 1));
        const grad = mirror.floats(n);
        const losses = mirror.floats(n);
        const e = mirror.scratch(SCRATCH);
        mirror.same(`${what}, the sum alone`, (k) => k.binaryCrossEntropy(q, t, 0, 0, e, n, scale, Math.LOG2E, start));
        mirror.same(`${what}, losses`, (k) => k.binaryCrossEntropy(q, t, 0, losses, e, n, scale, Math.LOG2E, start));
        mirror.same(what, (k) => k.binaryCrossEntropy(q, t, grad, losses, e, n, scale, Math.LOG2E, start));
        mirror.same(`${what}, in place`, (k) => k.binaryCrossEntropy(q, t, q, 0, e, n, scale, Math.LOG2E, start));
      }
    }
  });
});

it("simd and js have the same bits: binaryCrossEntropy, targets 0 and 1, some met exactly", () => {
  for (const n of LENGTHS) {
    mirror.clear();
    // Losses are finite: one that isn't hides what the others come to.
    const targets = spread(n, n + 1, 0, 1).map(Math.round);
    for (const least of [2 ** -28, 2 ** -28 * (1 - 2 ** -24), 2 ** -28 * (1 + 2 ** -23), 2 ** -29]) {
      const probabilities = sprinkled(spread(n, n, 0, 1), n, [least, 0, -0, 1], 4).map((probability, i) =>
        probability === 0 || probability === 1 ? targets[i] : probability,
      );
      const e = mirror.scratch(SCRATCH);
      const [q, t] = [mirror.put(probabilities), mirror.put(targets)];
      mirror.same(`${n}, ${least}`, (k) => k.binaryCrossEntropy(q, t, 0, 0, e, n, 1, 1, 0));
    }
  }
});
