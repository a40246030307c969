import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as reference from "../../../src/reference/index.js";
import { batches, holds, type Layout, single, weights } from "./arbitraries.js";

/** Gradients of the reference, each of which central differences must confirm. */

type Scalar = { loss: number; grad: ArrayLike<number> };

export interface Case {
  /** The sample, and where to differentiate. */
  readonly sample: fc.Arbitrary<{ at: Float32Array; f: (x: Float64Array) => Scalar }>;
  readonly step?: number;
  readonly error?: number;
}

export const near = single(-6, 6);
export const reduction = fc.constantFrom("mean" as const, "sum" as const);
export const upstream = fc.double({ min: -2, max: 2, noNaN: true });

/** Σ upstream·value, whose gradient to the values is the upstream gradient. */
export function dot(up: ArrayLike<number>, values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value, i) => sum + up[i] * value, 0);
}

/** A loss times its upstream gradient, which its gradient has been multiplied by. */
export function scaled({ loss, grad }: { loss: number; grad: Float64Array }, gradOutput: number): Scalar {
  return { loss: loss * gradOutput, grad };
}

export function along<T>(
  make: (layout: Layout) => { readonly [K in keyof T]: fc.Arbitrary<T[K]> },
  of: (sample: T & Layout) => { at: Float32Array; f: (x: Float64Array) => Scalar },
): Case["sample"] {
  return batches<T>(make).map(of);
}

export const loss = (layout: Layout) => ({
  reduction,
  gradOutput: upstream,
  classWeights: weights(layout.classes),
  sampleWeights: weights(layout.positions),
});

/** Runs a test for each case. */
export function confirm(cases: readonly (readonly [string, Case])[]): void {
  describe("central differences confirm the reference's gradient of", () => {
    it.each(cases)("%s", (_, { sample, step = 2 ** -17, error = 1e-8 }) => {
      holds(
        sample,
        ({ at, f }) => {
          // Both parts of the difference's error are relative to the largest number that is summed.
          const { maxError } = reference.gradientCheck(f, at, { step });
          const size = Math.max(1, Math.abs(f(Float64Array.from(at)).loss));
          expect(maxError).toBeLessThanOrEqual(error * size);
        },
        100,
      );
    });
  });
}
