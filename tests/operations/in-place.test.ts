import { describe, expect, it } from "vitest";
import { describeEachBackend } from "../support/backends.js";
import { expectSameBits } from "../support/ulp.js";
import type { Layout } from "./support/layout.js";
import { type Operand, optionsOf, run, type Variant } from "./support/operation.js";
import { OPERATIONS } from "./support/operations.js";
import { sizeOf } from "./support/rows.js";

/** Layouts that every option meets. */
const SMALL: readonly Layout[] = [
  { shape: [0, 3], axis: -1 },
  { shape: [3, 0], axis: -1 },
  { shape: [1, 1], axis: -1 },
  { shape: [3, 5], axis: -1 },
  { shape: [7, 67], axis: -1 },
  { shape: [2, 7, 6], axis: 1 },
  { shape: [30, 2500], axis: 0 },
];

/** For every operation once, and for each option of the one that has most. */
const LARGE: readonly Layout[] = [
  { shape: [2, 2049], axis: -1 },
  { shape: [4100, 3], axis: -1 },
  { shape: [2, 66_000], axis: -1 },
  { shape: [66_000, 2], axis: 0 },
];

const WRITING = OPERATIONS.filter(({ replaces }) => replaces.length > 0).map(
  (operation) => [operation.name, operation] as const,
);

describeEachBackend("in the place of an operand, with every option,", (backend) => {
  const afforded = ({ shape }: Layout) => backend.affords(sizeOf(shape));

  describe.each(WRITING)("%s has the bits of a fresh array:", (_, operation) => {
    const made = new Map<Layout, Operand[]>();

    it.each(operation.variants)("%s", (...variant: Variant) => {
      const { k } = backend;
      const name = operation.writes as "out" | "grad";
      const all = variant[0] === operation.variants[0][0] || operation.method === "softmaxCrossEntropy";
      for (const layout of [...SMALL, ...(all ? LARGE : [])].filter(afforded)) {
        const { shape } = layout;
        const operands = made.get(layout) ?? operation.operands(layout, 31);
        made.set(layout, operands);
        const options = optionsOf(operation, variant, layout, 32);
        const expected = run(k, operation, operands, options);
        const check = (at: number, place: unknown, to: unknown, where: string) => {
          const there = operands.map((operand, i) => (i === at ? place : operand));
          const got = run(k, operation, there, { ...options, [name]: to });
          expect(got[name], `the array that was given, ${where}`).toBe(to);
          for (const [output, values] of Object.entries(expected)) {
            expectSameBits(got[output], values, `${output}, ${where}, shape [${shape}], axis ${layout.axis}`);
          }
        };
        for (const at of operation.replaces) {
          const operand = operands[at] as Float32Array;
          const copy = operand.slice();
          check(at, copy, copy, `array in place of operand ${at}`);
          const z = k.alloc(shape).set(operand);
          check(at, z, z, `resident batch in place of operand ${at}`);
          const { data } = z.set(operand);
          check(at, z, data, `a resident batch's data in place of operand ${at}`);
          z.free();
        }
      }
    });
  });
});
