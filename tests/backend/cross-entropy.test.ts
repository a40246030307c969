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
});
