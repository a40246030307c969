import type { Shape } from "../../../src/index.js";
import * as reference from "../../../src/reference/index.js";
import { classesOf, logits, probabilities } from "./layout.js";
import { NONE, type Operation, type Options, type Variant } from "./operation.js";
import { logSoftmaxBackwardUnits, logSumExpUnits, softmaxBackwardUnits } from "./units.js";

/** The softmax family: a batch to a batch, or to a few numbers a position. */

const TEMPERATURE: Variant = ["temperature", () => ({ temperature: 2.5 })];
const EMPTY_ROW: Variant = ["emptyRow", () => ({ emptyRow: "zero" })];

type Axes = number | readonly number[] | undefined;
type Along = Options & { readonly shape: Shape; readonly axis?: Axes };

export const SOFTMAX_OPERATIONS: readonly Operation[] = [
  {
    name: "softmax",
    method: "softmax",
    works: "along an axis",
    writes: "out",
    replaces: [0],
    bound: 4,
    variants: [NONE, TEMPERATURE, EMPTY_ROW],
    operands: (layout, seed) => [logits(layout, seed)],
    truth: ([x], options) => ({ out: { values: reference.softmax(x as Float32Array, options) } }),
  },
  {
    name: "logSoftmax",
    method: "logSoftmax",
    works: "along an axis",
    writes: "out",
    replaces: [0],
    bound: 4,
    variants: [NONE, TEMPERATURE],
    operands: (layout, seed) => [logits(layout, seed)],
    truth: ([x], options) => ({ out: { values: reference.logSoftmax(x as Float32Array, options) } }),
  },
  {
    name: "logSumExp",
    method: "logSumExp",
    works: "along an axis",
    replaces: [],
    bound: 4,
    variants: [NONE, TEMPERATURE],
    operands: (layout, seed) => [logits(layout, seed)],
    truth: ([x], options) => {
      const { shape, axis, temperature = 1 } = options as Along & { temperature?: number };
      const z = (x as Float32Array).map((value) => value / temperature);
      return {
        out: { values: reference.logSumExp(x as Float32Array, options), units: logSumExpUnits(z, shape, axis) },
      };
    },
  },
  {
    name: "softmaxBackward",
    method: "softmaxBackward",
    works: "along an axis",
    writes: "out",
    replaces: [0, 1],
    bound: 4,
    variants: [NONE],
    operands: (layout, seed) => [probabilities(layout, seed), logits(layout, seed + 1, 1)],
    truth: (operands, options) => {
      const { shape, axis } = options as Along;
      const [p, dp] = operands as Float32Array[];
      return {
        out: { values: reference.softmaxBackward(p, dp, options), units: softmaxBackwardUnits(p, dp, shape, axis) },
      };
    },
  },
  {
    name: "logSoftmaxBackward",
    method: "logSoftmaxBackward",
    works: "along an axis",
    writes: "out",
    replaces: [0, 1],
    bound: 4,
    variants: [NONE],
    operands: (layout, seed) => [probabilities(layout, seed).map(Math.log), logits(layout, seed + 1, 1)],
    truth: (operands, options) => {
      const { shape, axis } = options as Along;
      const [lp, dlp] = operands as Float32Array[];
      const units = logSoftmaxBackwardUnits(lp, dlp, shape, axis);
      return { out: { values: reference.logSoftmaxBackward(lp, dlp, options), units } };
    },
  },
  {
    name: "argmax",
    method: "argmax",
    works: "along an axis",
    replaces: [],
    bound: 0,
    variants: [NONE],
    operands: (layout, seed) => [logits(layout, seed)],
    truth: ([x], options) => ({ out: { values: reference.argmax(x as Float32Array, options) } }),
  },
  {
    name: "topK",
    method: "topK",
    works: "along an axis",
    replaces: [],
    bound: 0,
    variants: [NONE],
    operands: (layout, seed) => [logits(layout, seed), Math.min(classesOf(layout), 1 + (seed % 5))],
    truth: ([x, k], options) => {
      const { values, indices } = reference.topK(x as Float32Array, k as number, options);
      return { values: { values }, indices: { values: indices } };
    },
  },
];
