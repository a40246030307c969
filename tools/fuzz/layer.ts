// A linear layer where a case puts it: its gradients are three, and may be added to.

import type { Xentropy } from "xentropy";
import type { Drawn } from "./case.js";
import type { Numbers, Place, Placed, Places } from "./places.js";
import { same } from "./same.js";

type Method = (...args: unknown[]) => unknown;

/** "in place" stands for adding to gradients, which the reference judges: elsewhere they have the bits of the first call. */
export function runLayer(
  place: Place,
  { operation, layout, operands, options }: Drawn,
  expected: unknown,
  places: Places,
  k: Xentropy,
  checkedK: Xentropy,
): void {
  const [, w, targets] = operands as Numbers[];
  const positions = layout.shape.slice(0, -1);
  const classes = w.length / layout.classes;
  const labels = targets instanceof Int32Array && operation.name === "linearSoftmaxCrossEntropy";
  const shapes = { features: layout.shape, weights: [classes, layout.classes], bias: [classes] };
  const accumulate = place.endsWith("in place");
  const { bias } = options as { bias?: Float32Array };
  const inputs = [...(operands as Numbers[]), ...(bias ? [bias] : [])];
  const placedShapes = [shapes.features, shapes.weights, labels ? positions : [...positions, classes], shapes.bias];
  const placed = inputs.map((operand, i) => places.put(operand, placedShapes[i]));
  const { grad: got } = expected as { grad?: Record<string, Float32Array> };
  const grad: Record<string, Placed> = {};
  for (const name of ["features", "weights", "bias"] as const) {
    if (!got?.[name]) continue;
    const before = got[name].map((_, i) => (accumulate ? (i % 5) - 2 : Number.NaN));
    grad[name] = places.put(before, shapes[name]);
  }
  const some = Object.keys(grad).length > 0;
  const more = { grad: some && grad, ...(some && accumulate && { accumulate }), ...(bias && { bias: placed[3] }) };
  const target = accumulate && some ? checkedK : k;
  const result = (target[operation.name] as Method).call(target, ...placed.slice(0, 3), { ...options, ...more });
  const { grad: mine, ...others } = result as { grad?: Record<string, unknown> };
  const { grad: _, ...first } = expected as object & { grad?: unknown };
  same(place, others, first);
  if (some && !accumulate) same(`${place}: gradients`, mine, got);
  for (const [i, input] of inputs.entries()) same(`${place}: input ${i}`, placed[i], input);
  places.close();
}
