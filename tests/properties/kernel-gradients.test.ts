import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Xentropy } from "../../src/index.js";
import * as reference from "../../src/reference/index.js";
import { gradientCheck } from "../../src/reference/index.js";
import { boundOf, type Operand, type Operation, type Options, run } from "../operations/support/operation.js";
import { OPERATIONS } from "../operations/support/operations.js";
import { describeEachBackend } from "../support/backends.js";
import { list, ulp } from "../support/ulp.js";
import { holds, type Layout, layouts } from "./support/arbitraries.js";

const COMPUTE = new Map<string, unknown>(Object.entries(reference));

/** Losses, and which operand the gradient belongs to. */
const LOSSES = OPERATIONS.filter(({ writes }) => writes === "grad").map(
  (operation) => [operation.name, operation] as const,
);

/** Options under which the loss is smooth: a temperature or a softcap rounds the logits, and is in steps. */
function smooth(operation: Operation): Operation["variants"] {
  return operation.variants.filter(([name]) => !/temperature|softcap|each/.test(name));
}

interface Sample {
  readonly layout: Layout;
  readonly seed: number;
  readonly variant: number;
  readonly reduction: "mean" | "sum";
}

const samples: fc.Arbitrary<Sample> = fc.record({
  layout: layouts(),
  seed: fc.nat(1e6),
  variant: fc.nat(),
  reduction: fc.constantFrom("mean" as const, "sum" as const),
});

/** The loss in float64, as a function of the operand that the gradient belongs to. */
function lossOf({ method }: Operation, operands: readonly Operand[], at: number, options: Options) {
  const compute = COMPUTE.get(method) as (...args: unknown[]) => { loss: number };
  const { gradOutput = 1, ...rest } = options as { gradOutput?: number };
  return (x: Float64Array) => {
    const all = operands.map((operand, i) => (i === at ? x : operand));
    return gradOutput * compute(...all, { ...rest, grad: true }).loss;
  };
}

/** The most that a gradient within its bound is off, in units of 1. */
function tolerance(k: Xentropy, operation: Operation, operands: readonly Operand[], options: Options): number {
  const { values, units = values } = operation.truth(operands, options, k).grad;
  return boundOf(operation, options) * Math.max(...Array.from(list(units), ulp));
}

describeEachBackend(
  "central differences of the reference's loss confirm, within the bound, the gradient of",
  (backend) => {
    describe.each(LOSSES)("%s", (_, operation) => {
      it("for any shape, axis, option and values", () => {
        const at = operation.replaces[0];
        const variants = smooth(operation);
        holds(
          samples,
          ({ layout, seed, variant, reduction }) => {
            const { shape, axis } = layout;
            const operands = calm(operation.operands({ shape, axis }, seed), operation);
            const options: Options = {
              shape,
              ...(operation.works === "along an axis" && { axis }),
              reduction,
              grad: true,
              ...variants[variant % variants.length][1]({ shape, axis }, seed),
            };
            const { grad } = run(backend.k, operation, operands, options);
            const loss = lossOf(operation, operands, at, options);
            const { maxError } = gradientCheck(
              (x) => ({ loss: loss(x), grad: list(grad) }),
              operands[at] as Float32Array,
            );
            if (Number.isNaN(loss(Float64Array.from(operands[at] as Float32Array)))) return;
            const differences = 1e-7 * Math.max(1, Math.abs(loss(Float64Array.from(operands[at] as Float32Array))));
            expect(maxError).toBeLessThanOrEqual(tolerance(backend.k, operation, operands, options) + differences);
          },
          60,
        );
      });
    });
  },
);

/** Operands where a step of 2^-17 stays inside the domain and the curvature is small. */
function calm(operands: Operand[], { method }: Operation): Operand[] {
  const inside = (value: number) => Math.min(Math.max(value, 0.05), 0.95);
  if (method === "binaryCrossEntropy") return [(operands[0] as Float32Array).map(inside), operands[1]];
  if (/^(crossEntropy|klDivergence|jensenShannon)$/.test(method))
    return [operands[0], (operands[1] as Float32Array).map(inside)];
  return operands;
}
