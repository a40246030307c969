import { describe, it } from "vitest";
import { describeEachBackend } from "../support/backends.js";
import { expectSameBits, list, type Values } from "../support/ulp.js";
import { classesOf, positionsOf } from "./support/layout.js";
import { expectRight, type Operation, optionsOf, run } from "./support/operation.js";
import { OPERATIONS } from "./support/operations.js";
import { rowsOver, sizeOf } from "./support/rows.js";

/** First, middle and last axis, counted from both ends; axes of length 1; one block of classes and several. */
const LAYOUTS = [
  { shape: [5], axis: 0 },
  { shape: [3, 4, 5], axis: 0 },
  { shape: [3, 4, 5], axis: 1 },
  { shape: [3, 4, 5], axis: 2 },
  { shape: [3, 4, 5], axis: -2 },
  { shape: [3, 4, 5], axis: -3 },
  { shape: [1, 6, 1, 3], axis: 1 },
  { shape: [2, 1, 7], axis: 1 },
  { shape: [64, 17], axis: 0 },
  { shape: [2, 130, 9], axis: 1 },
] as const;

/** Positions abreast that are many tiles, many slabs, and both. */
const LARGE = [
  { shape: [40, 2500], axis: 0 },
  { shape: [2, 20_001], axis: 0 },
  { shape: [4100, 3, 2], axis: 1 },
] as const;

const ALONG = OPERATIONS.filter((operation) => operation.works === "along an axis").map(
  (operation) => [operation.name, operation] as const,
);

/** The elements of a batch row after row along an axis; whatever isn't of its length stays as it is. */
function rowsLast<T extends Values>(values: T, shape: readonly number[], axis: number): T | Float32Array {
  const all = list(values);
  if (typeof values === "number" || all.length !== sizeOf(shape)) return values;
  return Float32Array.from(rowsOver(shape, axis).flatMap((row) => Array.from(row, (index) => all[index])));
}

describeEachBackend("along any axis, with every option,", (backend) => {
  describe.each(ALONG)("%s", (_, operation: Operation) => {
    it.each(operation.variants)(
      "is right within its bound, and has the bits of rows side by side: %s",
      (...variant) => {
        const plain = variant[0] === operation.variants[0][0];
        const large = plain ? LARGE.filter(({ shape }) => backend.affords(sizeOf(shape))) : [];
        for (const layout of [...LAYOUTS, ...large]) {
          const { shape, axis } = layout;
          const operands = operation.operands(layout, 12);
          const options = optionsOf(operation, variant, layout);
          expectRight(backend.k, operation, operands, options);

          const there = run(backend.k, operation, operands, options);
          const side = { ...options, shape: [positionsOf(layout), classesOf(layout)], axis: -1 };
          const besides = operands.map((operand) =>
            operand instanceof Float32Array ? rowsLast(operand, shape, axis) : operand,
          );
          const here = run(backend.k, operation, besides, side);
          for (const [name, values] of Object.entries(there)) {
            // topK cuts the axis, so that of its results is k long.
            const k = operation.method === "topK" ? (operands[1] as number) : classesOf(layout);
            const cut = shape.map((size, i) => (i === (axis < 0 ? axis + shape.length : axis) ? k : size));
            const rows = list(values).length === positionsOf(layout) ? values : rowsLast(values, cut, axis);
            expectSameBits(rows, here[name], `${name}, shape [${shape}], axis ${axis}`);
          }
        }
      },
    );
  });
});
