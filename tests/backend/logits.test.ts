import { describe, it } from "vitest";
import { FLOATS, LENGTHS, mirror } from "./mirror.js";

const DIVISORS = [1, 2, 0.7, 30, 1e-3, 1e30, 1e-40];

describe.each(FLOATS)("simd and js have the same bits, logits %s:", (_, sample) => {
  it.each(["temper", "softcap"] as const)("%s", (name) => {
    for (const n of LENGTHS) {
      for (const by of DIVISORS) {
        mirror.clear();
        const x = mirror.put(sample(n, n));
        const out = mirror.floats(n);
        mirror.same(`${n}, ${by}`, (k) => k[name](x, out, n, by));
        mirror.same(`${n}, ${by}, in place`, (k) => k[name](x, x, n, by));
      }
    }
  });

  it("softcapBackward", () => {
    for (const n of LENGTHS) {
      for (const cap of DIVISORS) {
        mirror.clear();
        const x = mirror.put(sample(n, n));
        const grad = mirror.put(sample(n, n + 1).map((v, i) => (i % 5 ? i - 3.3 : v)));
        mirror.same(`${n}, ${cap}`, (k) => k.softcapBackward(x, grad, n, cap));
      }
    }
  });
});
