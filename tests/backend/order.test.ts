import { describe, it } from "vitest";
import { cycled, FLOATS, LENGTHS, mirror } from "./mirror.js";

describe.each(FLOATS)("simd and js agree on the order of numbers %s:", (_, sample) => {
  it("argmax", () => {
    for (const cols of LENGTHS.slice(1)) {
      for (const rows of cols < 34 ? [0, 1, 7] : [1, 3]) {
        mirror.clear();
        const x = mirror.put(sample(rows * cols, cols + rows));
        const out = mirror.integers(rows);
        mirror.same(`${rows} × ${cols}`, (k) => k.argmax(x, out, rows, cols));
      }
    }
  });

  it("topK", () => {
    for (const cols of LENGTHS) {
      const rows = cycled([1, 3, 0], cols);
      const ks = cols < 20 ? Array.from({ length: cols + 1 }, (_, k) => k) : [0, 1, 2, 5, cols >> 1, cols - 1, cols];
      for (const k of ks) {
        mirror.clear();
        const x = mirror.put(sample(rows * cols, cols));
        const values = mirror.floats(rows * k);
        const indices = mirror.integers(rows * k);
        mirror.same(`${rows} × ${cols}, k ${k}`, (kernels) => kernels.topK(x, values, indices, rows, cols, k));
      }
    }
  });
});
