import fc from "fast-check";
import type { Shape } from "../../../src/index.js";
import { rowsOver, sizeOf } from "../../operations/support/rows.js";

/** Random batches. Every property runs from one seed, so that a failure comes again. */

const SEED = 20_261_121;

/** Fails unless the property holds for so many samples. */
export function holds<T>(arbitrary: fc.Arbitrary<T>, check: (sample: T) => void, numRuns = 150): void {
  fc.assert(fc.property(arbitrary, check), { numRuns, seed: SEED });
}

/** A float32 between two bounds. */
export function single(min: number, max: number): fc.Arbitrary<number> {
  return fc.float({ min: Math.fround(min), max: Math.fround(max), noNaN: true });
}

/** So many numbers, as float32. */
export function floats(length: number, each: fc.Arbitrary<number>): fc.Arbitrary<Float32Array> {
  return fc.array(each, { minLength: length, maxLength: length }).map((values) => Float32Array.from(values));
}

export interface Layout {
  readonly shape: Shape;
  readonly axis: number;
  /** Length of the class axis. */
  readonly classes: number;
  readonly positions: number;
}

/** Shapes of one to three axes, the class axis, of 1 to 9 classes, anywhere among them. */
export function layouts(): fc.Arbitrary<Layout> {
  const others = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 2 });
  return fc.tuple(others, fc.integer({ min: 1, max: 9 }), fc.nat(2), fc.boolean()).map(([sizes, classes, at, back]) => {
    const axis = at % (sizes.length + 1);
    const shape = [...sizes.slice(0, axis), classes, ...sizes.slice(axis)];
    return { shape, axis: back ? axis - shape.length : axis, classes, positions: sizeOf(sizes) };
  });
}

/** Logits that softmax tells apart, now and then far apart. */
export const logit = fc.oneof({ weight: 5, arbitrary: single(-8, 8) }, { weight: 1, arbitrary: single(-60, 60) });

/** A layout and what is made for it. */
export function batches<T>(
  make: (layout: Layout) => { readonly [K in keyof T]: fc.Arbitrary<T[K]> },
): fc.Arbitrary<T & Layout> {
  return layouts().chain((layout) => fc.record(make(layout)).map((made) => ({ ...(made as T), ...layout })));
}

export function logits({ shape }: Layout, each = logit): fc.Arbitrary<Float32Array> {
  return floats(sizeOf(shape), each);
}

export function labels({ positions, classes }: Layout): fc.Arbitrary<Int32Array> {
  return floats(positions, fc.nat(classes - 1)).map((values) => Int32Array.from(values));
}

export function weights(length: number): fc.Arbitrary<Float32Array> {
  return floats(length, single(0.125, 4));
}

/** Distributions along the axis that sum to 1 but for rounding, none of whose numbers is below 1e-6. */
export function distributions({ shape, axis }: Layout): fc.Arbitrary<Float32Array> {
  return floats(sizeOf(shape), single(1e-3, 1)).map((values) => {
    const result = new Float32Array(values.length);
    for (const row of rowsOver(shape, axis)) {
      const sum = row.reduce((total, i) => total + values[i], 0);
      for (const i of row) result[i] = values[i] / sum;
    }
    return result;
  });
}
