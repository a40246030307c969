import { describe, it } from "vitest";
import { BLOCK, QUADS_BYTES } from "../../src/backend/backend.js";
import { FLOATS, LENGTHS, mirror } from "./mirror.js";

describe.each(FLOATS)("simd and js have the same bits, logits %s:", (_, sample) => {
  it("softmax and logSoftmax", () => {
    for (const cols of LENGTHS) {
      for (const rows of cols < 130 ? [0, 1, 23] : [1, 3]) {
        const values = sample(rows * cols, cols + rows);
        mirror.clear();
        const x = mirror.put(values);
        const copy = mirror.put(values);
        const out = mirror.floats(rows * cols);
        const state = mirror.scratch(QUADS_BYTES);
        const maxima = mirror.scratch(Math.ceil(cols / BLOCK) * 4);
        const e = mirror.scratch(BLOCK * 4);
        const what = `${rows} × ${cols}`;
        mirror.same(`softmax, ${what}`, (k) => k.softmax(x, out, rows, cols, state, maxima));
        mirror.same(`logSoftmax, ${what}`, (k) => k.logSoftmax(x, out, rows, cols, state, e));
        mirror.same(`softmax, ${what}, in place`, (k) => k.softmax(x, x, rows, cols, state, maxima));
        mirror.same(`logSoftmax, ${what}, in place`, (k) => k.logSoftmax(copy, copy, rows, cols, state, e));
      }
    }
  });

  it("the parts of them, for a row taken in tiles of columns", () => {
    for (const n of [0, 1, 2048, 2049, 6145, 20_000]) {
      mirror.clear();
      const x = mirror.put(sample(n, n));
      const out = mirror.floats(n);
      const state = mirror.state();
      const maxima = mirror.floats(Math.ceil(n / BLOCK));
      const e = mirror.floats(BLOCK);
      const tiles = (run: (offset: number, block: number, count: number) => void) => {
        for (let i = 0; i < n; i += 2 * BLOCK) run(i * 4, (i / BLOCK) * 4, Math.min(2 * BLOCK, n - i));
      };
      for (const split of [false, true]) {
        mirror.same(`softmax, ${n}, split ${split}`, (k) => {
          k.begin(state);
          tiles((at, block, count) => k.accumulate(state, maxima + block, x + at, out + at, count, split));
          k.finish(state);
          tiles((at, block, count) => k.softmaxApply(state, maxima + block, out + at, count, 0.7));
        });
      }
      mirror.same(`logSoftmax, ${n}`, (k) => {
        k.begin(state);
        tiles((at, _block, count) => k.accumulateSums(state, x + at, e, count));
        k.finish(state);
        tiles((at, _block, count) => k.logSoftmaxApply(state, x + at, out + at, count));
      });
    }
  });
});
