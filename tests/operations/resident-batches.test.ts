import { describe, expect, it } from "vitest";
import type { ResidentBatch, Shape, Xentropy } from "../../src/index.js";
import { describeEachBackend } from "../support/backends.js";
import { expectSameBits } from "../support/ulp.js";
import type { Layout } from "./support/layout.js";
import { type Operand, type Options, optionsOf, run, type Variant } from "./support/operation.js";
import { NAMED_OPERATIONS } from "./support/operations.js";
import { sizeOf } from "./support/rows.js";

/** One tile and several, rows that fit none and rows past all tiles of the workspace, the class axis last and not. */
const LAYOUTS: readonly Layout[] = [
  { shape: [3, 5], axis: -1 },
  { shape: [2, 7, 6], axis: 1 },
  { shape: [4100, 2, 2], axis: 1 },
  { shape: [30, 2500], axis: 0 },
  { shape: [140_000], axis: 0 },
  { shape: [66_000, 2], axis: 0 },
];

/** A batch of words around which nothing may change. */
const GUARD = 0x7fa55aa5;

function guard(k: Xentropy): ResidentBatch<Int32Array> {
  const words = k.alloc([300], { dtype: "int32" });
  words.data.fill(GUARD);
  return words;
}

/** Resident copies of operands; labels have the batch's shape without the class axis. */
function resident(k: Xentropy, operands: readonly Operand[], { shape, axis }: Layout): unknown[] {
  const positions = shape.filter((_, i) => i !== (axis < 0 ? axis + shape.length : axis));
  return operands.map((operand) => {
    if (typeof operand === "number") return operand;
    if (operand instanceof Int32Array) return k.alloc(positions, { dtype: "int32" }).set(operand);
    return k.alloc(shape).set(operand);
  });
}

function free(batches: readonly unknown[]): void {
  for (const batch of batches) if (batch instanceof Object && "free" in batch) (batch as ResidentBatch).free();
}

/** Weights and upstream gradients made resident: one for each class, each position or each element. */
function residentOptions(k: Xentropy, options: Options, { shape, axis }: Layout): Options {
  const positions = shape.filter((_, i) => i !== (axis < 0 ? axis + shape.length : axis));
  const entries = Object.entries(options).map(([name, value]) => {
    if (!(value instanceof Float32Array)) return [name, value];
    const fits = name === "classWeights" ? [] : [positions, shape].filter((own) => sizeOf(own) === value.length);
    return [name, k.alloc(fits.at(-1) ?? [value.length]).set(value)];
  });
  return Object.fromEntries(entries);
}

describeEachBackend("with resident batches and every option,", (backend) => {
  const layouts = LAYOUTS.filter(({ shape }) => backend.affords(sizeOf(shape)));

  describe.each(NAMED_OPERATIONS)(
    "%s has the bits of foreign arrays and leaves its neighbours alone:",
    (_, operation) => {
      const made = new Map<Layout, Operand[]>();

      it.each(operation.variants)("%s", (...variant: Variant) => {
        const { k } = backend;
        // The largest for every operation once, and for each option of the one that has most.
        const all = variant[0] === operation.variants[0][0] || operation.method === "softmaxCrossEntropy";
        for (const layout of all ? layouts : layouts.slice(0, 3)) {
          const { shape } = layout;
          if (operation.method === "topK" && sizeOf(shape) > 100_000) continue;
          const what = `shape [${shape as Shape}], axis ${layout.axis}`;
          const operands = made.get(layout) ?? operation.operands(layout, 21);
          made.set(layout, operands);
          const options = optionsOf(operation, variant, layout, 22);
          const expected = run(k, operation, operands, options);

          const before = guard(k);
          const there = resident(k, operands, layout);
          const between = guard(k);
          const settings = residentOptions(k, options, layout);
          const to = operation.writes && k.alloc(shape);
          const after = guard(k);
          const used = k.memory.used;
          const got = run(k, operation, there, {
            ...settings,
            ...(to && operation.writes && { [operation.writes]: to }),
          });
          for (const [name, values] of Object.entries(expected)) expectSameBits(got[name], values, `${name}, ${what}`);
          for (const [i, operand] of operands.entries()) {
            if (typeof operand !== "number")
              expectSameBits(there[i] as ResidentBatch, operand, `operand ${i}, ${what}`);
          }
          for (const words of [before, between, after]) {
            expect(
              words.data.findIndex((word) => word !== GUARD),
              `a neighbour, ${what}`,
            ).toBe(-1);
          }
          expect(k.memory.used, `memory in use, ${what}`).toBe(used);
          free([before, ...there, between, ...Object.values(settings), to, after]);
        }
      });
    },
  );
});
