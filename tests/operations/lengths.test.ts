import { describe, it } from "vitest";
import { describeEachBackend } from "../support/backends.js";
import { expectRight, optionsOf } from "./support/operation.js";
import { NAMED_OPERATIONS } from "./support/operations.js";
import { sizeOf } from "./support/rows.js";

/** Around a vector's tail, a block of 2048 and a tile of 65536 floats; rows side by side, and abreast. */
const SHORT = Array.from({ length: 21 }, (_, length) => length);
const LONG = [[2, 2047], [2048], [2049, 2], [65_537], [65_537, 2]];

describeEachBackend("at every length of the class axis, with every option,", (backend) => {
  describe.each(NAMED_OPERATIONS)("%s is right within its bound:", (_, operation) => {
    const lengths = operation.method === "argmax" ? SHORT.slice(1) : SHORT;
    const shapes = LONG.filter((shape) => backend.affords(sizeOf(shape)));

    it.each(operation.variants)("%s", (...variant) => {
      for (const length of lengths) {
        for (const shape of [
          [3, length],
          [2, length, 5],
        ]) {
          const layout = { shape, axis: 1 };
          expectRight(
            backend.k,
            operation,
            operation.operands(layout, length),
            optionsOf(operation, variant, layout, length),
          );
        }
      }
      // Every one without options; with them each in its turn.
      const index = operation.variants.findIndex(([name]) => name === variant[0]);
      for (const shape of index === 0 ? shapes : [shapes[index % shapes.length]]) {
        const layout = { shape, axis: shape.indexOf(Math.max(...shape)) };
        expectRight(backend.k, operation, operation.operands(layout, 5), optionsOf(operation, variant, layout, 5));
      }
    });
  });
});
