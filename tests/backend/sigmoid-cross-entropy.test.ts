import { describe, it } from "vitest";
import { spread, sprinkled } from "../support/samples.js";
import { cycled, FLOATS, LENGTHS, mirror, PROBABILITIES } from "./mirror.js";

const SCALES = [1, 1 / 3, 0, 1e-40, -2, 1e30];

/** Weights, some of them 0. */
function weightsFor(n: number, seed: number): Float32Array {
  return sprinkled(spread(n, seed, 0, 3), seed, [0, 1, 1e-40, 3e38], 3);
}

/** What a kernel may write on: a block's exponentials, and a vector of each operand. */
const SCRATCH = (2048 + 24) * 4;

describe.each(FLOATS)("simd and js have the same bits, logits %s:", (_, sample) => {
  it("sigmoidCrossEntropy", () => {
    for (const [title, targets] of PROBABILITIES) {
      for (const n of LENGTHS) {
        const scale = cycled(SCALES, n);
        const start = cycled([0, 2.5], n);
        const what = `${n}, t ${title}`;
        mirror.clear();
        const x = mirror.put(sample(n, n));
        const t = mirror.put(targets(n, n + 1));
        const grad = mirror.floats(n);
        const e = mirror.scratch(SCRATCH);
        mirror.same(`${what}, the sum alone`, (k) => k.sigmoidCrossEntropy(x, t, 0, e, n, scale, start));
        mirror.same(what, (k) => k.sigmoidCrossEntropy(x, t, grad, e, n, scale, start));
        mirror.same(`${what}, in place`, (k) => k.sigmoidCrossEntropy(x, t, x, e, n, scale, start));
      }
    }
  });

  it.each([0, 0.1, 1])("sigmoidCrossEntropyGeneral, smoothing %d", (smoothing) => {
    for (const n of LENGTHS) {
      for (const [weighted, positive] of [
        [false, false],
        [true, false],
        [false, true],
        [true, true],
      ]) {
        const scale = cycled(SCALES, n);
        const start = cycled([0, 2.5], n);
        const [title, targets] = cycled(PROBABILITIES, n + (weighted ? 1 : 0) + (positive ? 2 : 0));
        const what = `${n}, t ${title}, u ${weighted}, pw ${positive}`;
        mirror.clear();
        const x = mirror.put(sample(n, n));
        const t = mirror.put(targets(n, n + 1));
        const u = weighted ? mirror.put(weightsFor(n, n + 2)) : 0;
        const pw = positive ? mirror.put(weightsFor(n, n + 3)) : 0;
        const grad = mirror.floats(n);
        const losses = mirror.floats(n);
        const e = mirror.scratch(SCRATCH);
        const compare = (how: string, toGrad: number, toLosses: number) =>
          mirror.same(`${what}, ${how}`, (k) =>
            k.sigmoidCrossEntropyGeneral(x, t, u, pw, toGrad, toLosses, e, n, smoothing, scale, start),
          );
        compare("the sum alone", 0, 0);
        compare("apart", grad, losses);
        compare("in place", x, 0);
      }
    }
  });
});
