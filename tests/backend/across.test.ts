import { describe, it } from "vitest";
import { BLOCK, QUADS_BYTES } from "../../src/backend/backend.js";
import { classes } from "../support/samples.js";
import { cycled, FLOATS, LENGTHS, mirror, perRow } from "./mirror.js";

const WIDTHS = [1, 2, 3, 4, 5, 8, 11, 16, 35];
const SCALES = [1, 1 / 3, 0, -2, 1e-45, 1e30];
const STRIP = 8 * BLOCK * 4;

/** Classes, positions, floats from a class to the next: three strips of each width, at both ends of its classes. */
const STRIPS = [
  [3, 300, 512],
  [110, 259, 512],
  [111, 37, 256],
  [819, 35, 256],
  [820, 20, 256],
  [1365, 19, 256],
  [1366, 11, 256],
  [BLOCK, 9, 256],
] as const;

/** Slabs that are copied before they are computed, and larger ones. */
const SLABS = [
  [40, 3200, 3200],
  [40, 3300, 3300],
  [40, 3300, 3304],
] as const;

/** Rows of `width` values, which begin `stride` apart. */
function spaced(values: Float32Array, width: number, stride: number): Float32Array {
  const rows = width && values.length / width;
  const all = new Float32Array(rows * stride).fill(5);
  for (let row = 0; row < rows; row++) all.set(values.subarray(row * width, (row + 1) * width), row * stride);
  return all;
}

/** Every kind of logits, with two of the strips and one of the slabs each: all of them are large. */
const CASES = FLOATS.map(([title, sample], i) => {
  const strips = [cycled(STRIPS, i), cycled(STRIPS, i + 4)];
  return [title, sample, strips, [cycled(SLABS, i)]] as const;
});

describe.each(CASES)("simd and js have the same bits, logits %s:", (_, sample, strips, slabs) => {
  function logits(count: number, width: number, stride: number): Float32Array {
    return spaced(sample(count * width, count * width), width, stride);
  }

  function compare(count: number, width: number, stride: number): void {
    mirror.clear();
    const x = mirror.put(logits(count, width, stride));
    const copy = mirror.put(logits(count, width, stride));
    const out = mirror.floats(count * stride);
    const positions = mirror.floats(width);
    const room = [mirror.scratch(QUADS_BYTES), mirror.scratch(STRIP)] as const;
    const what = `${count} × ${width}, stride ${stride}`;
    mirror.same(what, (k) => k.logSumExpAcross(x, positions, count, width, stride, ...room));
    if (count > 0) mirror.same(what, (k) => k.argmaxAcross(x, positions, count, width, stride));
    mirror.same(what, (k) => k.logSoftmaxAcross(x, out, count, width, stride, ...room));
    mirror.same(what, (k) => k.softmaxAcross(x, out, count, width, stride, ...room));
    mirror.same(`${what}, in place`, (k) => k.softmaxAcross(x, x, count, width, stride, ...room));
    mirror.same(`${what}, in place`, (k) => k.logSoftmaxAcross(copy, copy, count, width, stride, ...room));
  }

  function compareLosses(count: number, width: number, stride: number): void {
    mirror.clear();
    const x = mirror.put(logits(count, width, stride));
    const grad = mirror.floats(count * stride);
    const drawn = classes(width, count, count);
    const labels = mirror.put(drawn.map((label, i) => (width !== 40 && i % 6 === 5 ? -1 : label)));
    const scales = mirror.put(perRow(width, SCALES, count));
    const losses = mirror.doubles(width);
    const room = [mirror.scratch(QUADS_BYTES), mirror.scratch(STRIP)] as const;
    const run = (how: string, to: number, by: number) =>
      mirror.same(`${count} × ${width}, stride ${stride}, ${how}`, (k) =>
        k.softmaxCrossEntropyAcross(x, to, labels, by, 0.3, losses, count, width, stride, ...room),
      );
    run("no gradient", 0, 0);
    run("one scale", grad, 0);
    run("a scale a position", grad, scales);
    run("in place", x, scales);
  }

  it("softmaxAcross, logSoftmaxAcross and logSumExpAcross", () => {
    for (const count of [...LENGTHS, 800, 820, 1360, 1370].filter((n) => n <= BLOCK)) {
      for (const width of count < 9 ? [0, ...WIDTHS] : [cycled(WIDTHS, count)]) {
        compare(count, width, count % 5 === 4 ? 256 : width + (count % 3));
      }
    }
  });

  it("softmaxCrossEntropyAcross", () => {
    for (const count of [1, 2, 5, 31, 256, 820, 1370, BLOCK]) {
      for (const width of count < 50 ? [1, 3, 4, 21, 40] : [7]) {
        for (const stride of [width, width + 1, count < 50 ? 256 : width]) compareLosses(count, width, stride);
      }
    }
  });

  it.each(strips)("all four of %i classes, %i positions, %i floats apart", (count, width, stride) => {
    compare(count, width, stride);
    compareLosses(count, width, stride);
  });

  it.each(slabs)("the first three of %i classes, %i positions, %i floats apart", (count, width, stride) => {
    compare(count, width, stride);
  });
});
