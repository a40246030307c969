import { describe, it } from "vitest";
import { spread } from "../support/samples.js";
import { cycled, FLOATS, LENGTHS, mirror, PROBABILITIES } from "./mirror.js";

const SCALES = [1, 1 / 3, 0, 1e-40, -2, 1e30];

describe.each([0, 1, 2, 3, 6, 7, 0.5, 3.7])("simd and js have the same bits, γ = %d: sigmoidFocalLoss", (gamma) => {
  it.each(FLOATS)("of logits %s", (_, sample) => {
    for (const n of LENGTHS) {
      for (const alpha of n > 67 ? [-1, 0.25] : [-1, 0.25, 0, 1]) {
        const scale = cycled(SCALES, n);
        const start = cycled([0, 2.5], n);
        const [title, targets] = cycled(PROBABILITIES, n + Math.round(alpha * 4) + 4);
        const what = `${n}, α ${alpha}, t ${title}`;
        mirror.clear();
        const x = mirror.put(sample(n, n));
        const t = mirror.put(targets(n, n + 1));
        const grad = mirror.floats(n);
        const losses = mirror.floats(n);
        const e = mirror.scratch((2 * 2048 + 16) * 4);
        mirror.same(`${what}, the sum alone`, (k) => k.sigmoidFocalLoss(x, t, 0, 0, e, n, alpha, gamma, scale, start));
        mirror.same(what, (k) => k.sigmoidFocalLoss(x, t, grad, losses, e, n, alpha, gamma, scale, start));
        mirror.same(`${what}, in place`, (k) => k.sigmoidFocalLoss(x, t, x, 0, e, n, alpha, gamma, scale, start));
      }
    }
  });
});

// The power is of a rounded m: one rounding more before it shows where m is near ½ and no short number.
it("simd and js have the same bits: sigmoidFocalLoss of tiny logits and targets, broken γ", () => {
  const n = 4096;
  for (let seed = 0; seed < 12; seed++) {
    mirror.clear();
    const x = mirror.put(spread(n, seed, -2e-7, 2e-7));
    const t = mirror.put(spread(n, seed + 100, 0, 6e-8));
    const losses = mirror.floats(n);
    const e = mirror.scratch((2 * 2048 + 16) * 4);
    const gamma = cycled([0.5, 2.5, 3.7], seed);
    mirror.same(`γ ${gamma}`, (k) => k.sigmoidFocalLoss(x, t, 0, losses, e, n, -1, gamma, 1, 0));
  }
});
