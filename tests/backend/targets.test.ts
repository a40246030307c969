import { describe, it } from "vitest";
import { cycled, LENGTHS, mirror, PROBABILITIES } from "./mirror.js";

describe.each(PROBABILITIES)("simd and js have the same bits, targets %s:", (_, sample) => {
  it("smoothTargets", () => {
    for (const cols of LENGTHS) {
      const rows = cycled([1, 3, 0], cols);
      for (const epsilon of [0, 0.1, 1]) {
        for (const weighted of [false, true]) {
          mirror.clear();
          const t = mirror.put(sample(rows * cols, cols));
          const out = mirror.floats(rows * cols);
          const weights = weighted ? mirror.put(sample(cols, cols + 1)) : 0;
          const add = epsilon / cols;
          const what = `${rows} × ${cols}, ${epsilon}, ${weighted}`;
          mirror.same(what, (k) => k.smoothTargets(t, out, weights, rows, cols, 1 - epsilon, add));
          mirror.same(`${what}, in place`, (k) => k.smoothTargets(t, t, weights, rows, cols, 1 - epsilon, add));
        }
      }
    }
  });
});
