// What is measured: every operation at every shape, on both spreads of logits.

import type { Operation } from "./operation.js";
import { operations } from "./operations.js";
import { SPREADS, type Spread } from "./problems.js";

export interface Case {
  readonly operation: Operation;
  /** As typed: "32x1000", "8x64x4096/1" with the class axis behind the slash, "100000". */
  readonly shape: string;
  readonly spread: Spread;
}

/** Classes that lie across, as the targets of speed have them. */
export const ACROSS = "8x64x4096/1";

/**
 * From a single digit to a language model's vocabulary, and classes that lie across: also at a stride that is no whole
 * number of vectors, and in slabs that the cache holds.
 */
export const ROW_SHAPES = [
  "1x10",
  "32x10",
  "1x1000",
  "32x1000",
  "128x1000",
  "8x32000",
  "1x128256",
  "16x50257",
  "1x1048576",
  ACROSS,
  "1000x201/0",
  "16x64x256/1",
] as const;

export const ELEMENT_SHAPES = ["1000", "100000", "10000000"] as const;

/** A size of each form that is neither about a call's fixed cost nor about memory beyond the cache. */
export const TYPICAL: readonly string[] = ["32x1000", "100000"];

/** Where widely spread logits are measured: at each way that rows and elements take, for a cliff is no matter of size. */
const WIDE_SHAPES: readonly string[] = ["32x10", "32x1000", "8x32000", "1x128256", "1x1048576", "100000"];

/** What to keep of the standing table; everything where undefined. */
export interface Selection {
  readonly operations?: readonly string[] | undefined;
  /** Shapes to take instead of the standing ones. */
  readonly shapes?: readonly string[] | undefined;
  readonly spreads?: readonly Spread[] | undefined;
}

export function casesOf({ operations: names, shapes, spreads }: Selection): Case[] {
  const cases: Case[] = [];
  for (const operation of operations) {
    if (names && !names.includes(operation.name)) continue;
    const { form } = operation;
    const standing: readonly string[] = form === "rows" ? ROW_SHAPES : ELEMENT_SHAPES;
    for (const spread of spreads ?? SPREADS) {
      const usual = spread === "wide" ? standing.filter((shape) => WIDE_SHAPES.includes(shape)) : standing;
      const wanted = shapes?.filter((shape) => fits(shape, form)) ?? usual;
      for (const shape of wanted) cases.push({ operation, shape, spread });
    }
  }
  return cases;
}

/** A single number is a shape of elements, anything else of rows. */
function fits(shape: string, form: Operation["form"]): boolean {
  return shape.includes("x") === (form === "rows");
}

/** Reads a shape; undefined if it is none. */
export function parseShape(text: string): { shape: number[]; axis: number } | undefined {
  const [, sizes, axis] = /^([1-9]\d*(?:x[1-9]\d*)*)(?:\/(\d))?$/.exec(text) ?? [];
  if (!sizes) return undefined;
  const shape = sizes.split("x").map(Number);
  const elements = shape.reduce((a, b) => a * b, 1);
  const at = axis === undefined ? shape.length - 1 : Number(axis);
  return elements >= 2 && elements <= 2 ** 28 && at < shape.length ? { shape, axis: at } : undefined;
}
