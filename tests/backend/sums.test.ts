import { describe, it } from "vitest";
import { cycled, FLOATS, LENGTHS, mirror } from "./mirror.js";

const STARTS = [0, -0, 1e-300, 12.5, -Infinity];

describe.each(FLOATS)("simd and js have the same bits, numbers %s:", (_, sample) => {
  it("sum", () => {
    for (const n of LENGTHS) {
      mirror.clear();
      const x = mirror.put(sample(n, n + 1));
      mirror.same(`${n}`, (k) => k.sum(x, n, cycled(STARTS, n)));
    }
  });

  it("dot", () => {
    for (const n of LENGTHS) {
      mirror.clear();
      const a = mirror.put(sample(n, n + 1));
      const b = mirror.put(sample(n, n + 2));
      mirror.same(`${n}`, (k) => k.dot(a, b, n, cycled(STARTS, n)));
      mirror.same(`${n}, with itself`, (k) => k.dot(a, a, n, 0));
    }
  });
});
