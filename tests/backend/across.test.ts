import { describe, it } from "vitest";
import { BLOCK } from "../../src/backend/backend.js";
import { cycled, FLOATS, LENGTHS, mirror } from "./mirror.js";

const WIDTHS = [1, 2, 3, 4, 5, 8, 11];

describe.each(FLOATS)("simd and js have the same bits, logits %s:", (_, sample) => {
  it("softmaxAcross, logSoftmaxAcross and logSumExpAcross", () => {
    for (const classes of LENGTHS.filter((n) => n <= BLOCK)) {
      for (const width of classes < 20 ? [0, ...WIDTHS] : [cycled(WIDTHS, classes)]) {
        for (const wider of classes < 9 ? [0, 3] : [classes % 3]) {
          const stride = width + wider;
          const n = classes * stride;
          mirror.clear();
          const x = mirror.put(sample(n, n));
          const out = mirror.floats(n);
          const positions = mirror.floats(width);
          const lanes = mirror.scratch(80);
          const e = mirror.scratch(16 * BLOCK);
          const what = `${classes} × ${width}, stride ${stride}`;
          mirror.same(what, (k) => k.logSumExpAcross(x, positions, classes, width, stride, lanes, e));
          mirror.same(what, (k) => k.logSoftmaxAcross(x, out, classes, width, stride, lanes, e));
          mirror.same(what, (k) => k.softmaxAcross(x, out, classes, width, stride, lanes));
          const copy = mirror.put(sample(n, n));
          mirror.same(`${what}, in place`, (k) => k.softmaxAcross(x, x, classes, width, stride, lanes));
          mirror.same(`${what}, in place`, (k) => k.logSoftmaxAcross(copy, copy, classes, width, stride, lanes, e));
        }
      }
    }
  });
});
