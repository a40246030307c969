import type { Shape } from "../../../src/index.js";
import { classes, distributions, normal, spread, sprinkled } from "../../support/samples.js";
import { laid, sizeOf } from "./rows.js";

/** Operands for a batch of any shape with its class axis anywhere. */
export interface Layout {
  readonly shape: Shape;
  readonly axis: number;
}

/** Length of the class axis. */
export function classesOf({ shape, axis }: Layout): number {
  return shape.at(axis) ?? 1;
}

/** Number of vectors along the class axis. */
export function positionsOf({ shape, axis }: Layout): number {
  return sizeOf(shape.filter((_, i) => i !== (axis < 0 ? axis + shape.length : axis)));
}

export function logits({ shape }: Layout, seed: number, deviation = 6): Float32Array {
  return normal(sizeOf(shape), seed, 0, deviation);
}

/** Probabilities that sum to about 1 along the axis, some of them 0. */
export function probabilities(layout: Layout, seed: number): Float32Array {
  const rows = distributions(positionsOf(layout), classesOf(layout), seed);
  return laid(sprinkled(rows, seed, [0], 9), layout.shape, layout.axis);
}

/** A class a position, and −100 at one in six, or at all where there are no classes. */
export function labels(layout: Layout, seed: number): Int32Array {
  const length = classesOf(layout);
  const all = classes(positionsOf(layout), length, seed);
  return all.map((label, i) => (length === 0 || (i + seed) % 6 === 5 ? -100 : label));
}

/** Targets of each element in [0, 1], many at an end. */
export function halves({ shape }: Layout, seed: number): Float32Array {
  return sprinkled(spread(sizeOf(shape), seed, 0, 1), seed, [0, 1], 2);
}

/** Weights between 1/8 and 3, some 0. */
export function weights(length: number, seed: number): Float32Array {
  return sprinkled(spread(length, seed + 7, 0.125, 3), seed, [0], 7);
}
