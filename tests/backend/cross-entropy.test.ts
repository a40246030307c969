import { describe, it } from "vitest";
import { BLOCK, QUADS_BYTES } from "../../src/backend/backend.js";
import { classes } from "../support/samples.js";
import { FLOATS, LENGTHS, mirror, perRow } from "./mirror.js";

const SCALES = [1, 1 / 3, 0, -2, 1e-45, 1e30];

describe.each(FLOATS)("simd and js have the same bits, logits %s:", (_, sample) => {
  it("softmaxCrossEntropy", () => {
    for (const cols of LENGTHS) {
      for (const rows of cols < 130 ? [0, 1, 21, 24] : [1, 4]) {
        mirror.clear();
        const x = mirror.put(sample(rows * cols, cols));
        const grad = mirror.floats(rows * cols);
        const drawn = classes(rows, cols, cols);
        const labels = mirror.put(
          drawn.map((label, row) => (cols === 0 || (rows !== 24 && (row + cols) % 4 === 3) ? -1 : label)),
        );
        const scales = mirror.put(perRow(rows, SCALES, cols));
        const losses = mirror.doubles(rows);
        const state = mirror.scratch(QUADS_BYTES);
        const maxima = mirror.scratch(Math.ceil(cols / BLOCK) * 4);
        const e = mirror.scratch(BLOCK * 4);
        const run = (how: string, to: number, by: number) =>
          mirror.same(`${rows} × ${cols}, ${how}`, (k) =>
            k.softmaxCrossEntropy(x, to, labels, by, 0.3, losses, rows, cols, state, maxima, e),
          );
        run("no gradient", 0, 0);
        run("one scale", grad, 0);
        run("a scale a row", grad, scales);
        run("in place", x, scales);
      }
    }
  });

  it("softmaxCrossEntropyAcross", () => {
    for (const count of [1, 2, 5, 31, 256, 820, 1370, BLOCK]) {
      for (const width of count < 50 ? [1, 3, 4, 21, 40] : [7]) {
        for (const stride of [width, width + 1, count < 50 ? 256 : width]) {
          mirror.clear();
          const x = mirror.put(sample(count * stride, count));
          const grad = mirror.floats(count * stride);
          const drawn = classes(width, count, count);
          const labels = mirror.put(drawn.map((label, i) => (width !== 40 && i % 6 === 5 ? -1 : label)));
          const scales = mirror.put(perRow(width, SCALES, count));
          const losses = mirror.doubles(width);
          const state = mirror.scratch(QUADS_BYTES);
          const strip = mirror.scratch(8 * BLOCK * 4);
          const run = (how: string, to: number, by: number) =>
            mirror.same(`${count} × ${width}, stride ${stride}, ${how}`, (k) =>
              k.softmaxCrossEntropyAcross(x, to, labels, by, 0.3, losses, count, width, stride, state, strip),
            );
          run("no gradient", 0, 0);
          run("one scale", grad, 0);
          run("a scale a position", grad, scales);
          run("in place", x, scales);
        }
      }
    }
  });
});
