import { describe, it } from "vitest";
import type { Kernels } from "../../src/backend/backend.js";
import { normal } from "../support/samples.js";
import { FLOATS, LENGTHS, mirror, PROBABILITIES } from "./mirror.js";

type Backward = (k: Kernels) => (a: number, b: number, out: number, rows: number, cols: number) => void;

function compare(kernel: Backward, first: Float32Array, second: Float32Array, rows: number, cols: number): void {
  for (const place of ["apart", "first", "second"]) {
    mirror.clear();
    const a = mirror.put(first);
    const b = mirror.put(second);
    const out = place === "apart" ? mirror.floats(rows * cols) : place === "first" ? a : b;
    mirror.same(`${rows} × ${cols}, out ${place}`, (k) => kernel(k)(a, b, out, rows, cols));
  }
}

const SHAPES = LENGTHS.flatMap((cols) => (cols < 20 ? [0, 1, 7] : [1, 3]).map((rows) => [rows, cols] as const));

describe("simd and js have the same bits: softmaxBackward", () => {
  it.each(PROBABILITIES)("of probabilities %s", (_, sample) => {
    for (const [rows, cols] of SHAPES) {
      const n = rows * cols;
      compare((k) => k.softmaxBackward, sample(n, cols), normal(n, cols + 1, 0, 4), rows, cols);
    }
  });

  it.each(FLOATS)("of an upstream gradient %s", (_, sample) => {
    for (const [rows, cols] of SHAPES) {
      const n = rows * cols;
      compare((k) => k.softmaxBackward, normal(n, cols), sample(n, cols + 1), rows, cols);
    }
  });
});

describe("simd and js have the same bits: logSoftmaxBackward", () => {
  it.each(FLOATS)("of log-probabilities %s", (_, sample) => {
    for (const [rows, cols] of SHAPES) {
      const n = rows * cols;
      const lp = sample(n, cols).map((v, i) => (i % 4 ? -Math.abs(v) : v));
      compare((k) => k.logSoftmaxBackward, lp, normal(n, cols + 1), rows, cols);
      compare((k) => k.logSoftmaxBackward, normal(n, cols + 2, -4), sample(n, cols), rows, cols);
    }
  });
});

it("simd and js have the same bits: the backward passes of a part of a row, given its sum", () => {
  for (const n of LENGTHS) {
    for (const sum of [0, -0, 1 / 3, -1e-50, 1e300, Number.NaN]) {
      mirror.clear();
      const a = mirror.put(normal(n, n));
      const b = mirror.put(normal(n, n + 1));
      const out = mirror.floats(n);
      mirror.same(`softmax, ${n}, Σ ${sum}`, (k) => k.softmaxBackwardApply(a, b, out, n, sum));
      mirror.same(`log-softmax, ${n}, Σ ${sum}`, (k) => k.logSoftmaxBackwardApply(a, b, out, n, sum));
    }
  }
});
