import { describe, it } from "vitest";
import { describeEachBackend } from "../support/backends.js";
import { expectRight, optionsOf } from "./support/operation.js";
import { NAMED_OPERATIONS } from "./support/operations.js";

/** Around vectors and their tails, blocks of 64, groups of blocks and tiles of 65536. */
const SHORT = Array.from({ length: 21 }, (_, length) => length);
const LONG = [2047, 2048, 2049, 65_537];

describeEachBackend("at every length of the class axis", (backend) => {
  describe.each(NAMED_OPERATIONS)("%s is right within its bound", (_, operation) => {
    const least = operation.method === "argmax" ? 1 : 0;

    it.each(operation.variants)("with %s, from 0 to 20 classes", (...variant) => {
      for (const length of SHORT.slice(least)) {
        for (const [shape, axis] of [
          [[3, length], -1],
          [[2, length, 5], 1],
        ] as const) {
          const layout = { shape, axis };
          const options = optionsOf(operation, variant, layout, length);
          if (length === 0 && operation.name.includes("label")) continue;
          expectRight(backend.k, operation, operation.operands(layout, length), options);
        }
      }
    });

    it.each(LONG)("with %i classes", (length) => {
      const variants = length < 65_536 ? operation.variants : operation.variants.slice(0, 1);
      for (const [index, variant] of variants.entries()) {
        // Alternately side by side and two positions abreast.
        const inner = index % 2 === 0 ? [] : [3];
        const layout = { shape: [2, length, ...inner], axis: 1 };
        expectRight(backend.k, operation, operation.operands(layout, length), optionsOf(operation, variant, layout, 3));
      }
    });
  });
});
