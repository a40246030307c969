import { describe, it } from "vitest";
import { BLOCK, QUADS_BYTES } from "../../src/backend/backend.js";
import { FLOATS, LENGTHS, mirror, perRow } from "./mirror.js";

/** Floats that klApply takes besides: see addTerms in assembly/distillation.ts. */
const ROOM = 4 * 128 + 12;

const SCALES = [1, 1 / 3, 0, -2, 1e-45, 1e30];

describe.each(FLOATS)("simd and js have the same bits, the student's logits %s:", (_, sample) => {
  it.each(FLOATS)("softmaxKlDivergence, the teacher's %s", (_, teacher) => {
    for (const cols of [...LENGTHS.slice(0, 12), 56, 67, 127, 128, 129, 2049, 6145]) {
      for (const rows of cols < 5 ? [0, 1, 23] : [cols > 2049 ? 1 : cols > 128 ? 2 : 21]) {
        mirror.clear();
        const x = mirror.put(sample(rows * cols, cols));
        const y = mirror.put(teacher(rows * cols, cols + 1));
        const grad = mirror.floats(rows * cols);
        const scales = mirror.put(perRow(rows, SCALES, cols));
        const losses = mirror.doubles(rows);
        const states = [mirror.scratch(QUADS_BYTES), mirror.scratch(QUADS_BYTES)] as const;
        const e = mirror.scratch(8 * BLOCK * 4);
        const compare = (how: string, to: number, room = 4 * BLOCK) =>
          mirror.same(`${rows} × ${cols}, ${how}`, (k) =>
            k.softmaxKlDivergence(x, y, to, scales, losses, rows, cols, ...states, e, room),
          );
        compare("no gradient", 0);
        compare("gradient apart", grad);
        if (cols > BLOCK) compare("exponentials computed twice", grad, BLOCK);
        compare("in place", x);
      }
    }
  });

  it("softmaxKlDivergence of a row taken in tiles of columns", () => {
    for (const n of [1, 2049, 6145]) {
      mirror.clear();
      const x = mirror.put(sample(n, n));
      const y = mirror.put(sample(n, n + 1));
      const grad = mirror.floats(n);
      const [stateX, stateY] = [mirror.state(), mirror.state()];
      const sums = mirror.put(new Float64Array(2));
      const e = mirror.scratch((2 * BLOCK + ROOM) * 4);
      mirror.same(`${n}`, (k) => {
        k.begin(stateX);
        k.begin(stateY);
        for (let i = 0; i < n; i += BLOCK) {
          k.klAccumulate(stateX, stateY, x + i * 4, y + i * 4, e, Math.min(BLOCK, n - i));
        }
        k.finish(stateX);
        k.finish(stateY);
        for (let i = 0; i < n; i += BLOCK) {
          const count = Math.min(BLOCK, n - i);
          k.klApply(stateX, stateY, x + i * 4, y + i * 4, grad + i * 4, e, count, 0.3, sums);
        }
        return k.klLoss(sums);
      });
    }
  });
});
