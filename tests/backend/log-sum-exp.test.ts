import { describe, it } from "vitest";
import { BLOCK, QUADS_BYTES } from "../../src/backend/backend.js";
import { FLOATS, LENGTHS, mirror } from "./mirror.js";

describe.each(FLOATS)("simd and js have the same bits, logits %s:", (_, sample) => {
  it("logSumExp", () => {
    for (const cols of LENGTHS) {
      for (const rows of cols < 130 ? [0, 1, 23] : [1, 3]) {
        mirror.clear();
        const x = mirror.put(sample(rows * cols, cols + rows));
        const out = mirror.floats(rows);
        const state = mirror.scratch(QUADS_BYTES);
        const e = mirror.scratch(BLOCK * 4);
        mirror.same(`${rows} × ${cols}`, (k) => k.logSumExp(x, out, rows, cols, state, e));
      }
    }
  });
});
