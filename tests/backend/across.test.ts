import { describe, it } from "vitest";
import { BLOCK, QUADS_BYTES } from "../../src/backend/backend.js";
import { cycled, FLOATS, LENGTHS, mirror } from "./mirror.js";

const WIDTHS = [1, 2, 3, 4, 5, 8, 11, 16, 35];
const STRIP = 8 * BLOCK * 4;

/** Classes, positions, floats from a class to the next: wide strips and the first that have no room; slabs of any size. */
const LARGE = [
  [3, 300, 512],
  [100, 131, 256],
  [110, 259, 512],
  [111, 259, 512],
  [40, 3200, 3200],
  [40, 3300, 3300],
  [40, 3300, 3304],
] as const;

describe.each(FLOATS)("simd and js have the same bits, logits %s:", (_, sample) => {
  function compare(classes: number, width: number, stride: number): void {
    const n = classes * stride;
    mirror.clear();
    const x = mirror.put(sample(n, n));
    const copy = mirror.put(sample(n, n));
    const out = mirror.floats(n);
    const positions = mirror.floats(width);
    const room = [mirror.scratch(QUADS_BYTES), mirror.scratch(STRIP)] as const;
    const what = `${classes} × ${width}, stride ${stride}`;
    mirror.same(what, (k) => k.logSumExpAcross(x, positions, classes, width, stride, ...room));
    mirror.same(what, (k) => k.logSoftmaxAcross(x, out, classes, width, stride, ...room));
    mirror.same(what, (k) => k.softmaxAcross(x, out, classes, width, stride, ...room));
    mirror.same(`${what}, in place`, (k) => k.softmaxAcross(x, x, classes, width, stride, ...room));
    mirror.same(`${what}, in place`, (k) => k.logSoftmaxAcross(copy, copy, classes, width, stride, ...room));
  }

  it("softmaxAcross, logSoftmaxAcross and logSumExpAcross", () => {
    for (const classes of [...LENGTHS, 800, 820, 1360, 1370].filter((n) => n <= BLOCK)) {
      for (const width of classes < 9 ? [0, ...WIDTHS] : [cycled(WIDTHS, classes)]) {
        compare(classes, width, classes % 5 === 4 ? 256 : width + (classes % 3));
      }
    }
  });

  it.each(LARGE)("the same of %i classes, %i positions, %i floats apart", (classes, width, stride) => {
    compare(classes, width, stride);
  });
});
