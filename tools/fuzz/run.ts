// Runs a case and judges it.

import type { Xentropy } from "xentropy";
import { type Case, type Drawn, draw } from "./case.js";
import { runLayer } from "./layer.js";
import type { Operand } from "./operations.js";
import type { Options } from "./options.js";
import { type Numbers, Places } from "./places.js";
import { Random } from "./random.js";
import { outputsOf, same } from "./same.js";
import { runState } from "./state.js";

type Method = (...args: unknown[]) => unknown;

/**
 * Runs a case: through `checked` (the same bits on `js`, within the bounds of the reference), then where the case puts its
 * operands, which must give the same bits, leave inputs and what lies beside them alone and memory as it was.
 */
export function runCase(given: Case, k: Xentropy, checkedK: Xentropy): void {
  const drawn = draw(given);
  if (!drawn) return;
  const { operation, layout, operands, options } = drawn;
  const random = new Random(given.seed + 1);
  if (operation.state) {
    runState(given, drawn, random, k, checkedK);
    return;
  }
  const call = (target: Xentropy, args: readonly unknown[], extra: Options = {}) =>
    (target[operation.name] as Method).call(target, ...args, { ...options, ...extra });
  const expected = call(checkedK, operands.map(copyOf));
  if (given.place === "checked alone") return;
  if (operation.layer) {
    runLayer(given.place, drawn, expected, new Places(k, given.place, random), k, checkedK);
    return;
  }
  const places = new Places(k, given.place, random);
  const placed = operands.map((operand) =>
    typeof operand === "number" ? operand : places.put(operand, shapeOf(operand, drawn)),
  );
  const { writes, replaces = 0 } = operation;
  const wants = writes === "out" || (writes === "grad" && options.grad === true);
  const length = wants ? (outputsOf(expected)[writes] as Float32Array).length : 0;
  const inPlace = wants && given.place.endsWith("in place") && (operands[replaces] as Numbers).length === length;
  const weights = Object.entries(options).filter((entry): entry is [string, Float32Array] => isFloats(entry[1]));
  const extra: Options = Object.fromEntries(weights.map(([name, data]) => [name, places.flat(data)]));
  if (wants) {
    const shape = length === layout.size ? layout.shape : [length];
    extra[writes] = inPlace ? placed[replaces] : places.put(new Float32Array(length).fill(Number.NaN), shape);
  }
  const result = call(k, placed, extra);
  same(given.place, result, expected);
  for (const [i, operand] of operands.entries()) {
    if (typeof operand !== "number" && !(inPlace && i === replaces))
      same(`${given.place}: operand ${i}`, placed[i], operand);
  }
  for (const [name, data] of weights) same(`${given.place}: ${name}`, extra[name], data);
  places.close();
}

/** Labels have no class axis. */
function shapeOf(operand: Numbers, { operation, layout: { shape, axis } }: Drawn): readonly number[] {
  return operand instanceof Float32Array || operation.elementwise ? shape : shape.filter((_, i) => i !== axis);
}

function isFloats(value: unknown): value is Float32Array {
  return value instanceof Float32Array;
}

function copyOf(operand: Operand): Operand {
  return typeof operand === "number" ? operand : operand.slice();
}
