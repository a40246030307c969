import type { Shape } from "../../../src/index.js";
import * as reference from "../../../src/reference/index.js";
import { halves, type Layout, logits, weights } from "./layout.js";
import { NONE, type Operation, type Options, upstream } from "./operation.js";
import { scalesOf } from "./reduction.js";
import { broadcast, sizeOf } from "./rows.js";
import { focalUnit, sigmoidUnit } from "./units.js";

/** Operations and losses of each element by itself. */

const { sigmoid, logSigmoid, softplus, logit } = reference;
const COMPUTE = { sigmoid, logSigmoid, softplus, logit };

const elementary = (
  name: "sigmoid" | "logSigmoid" | "softplus" | "logit",
  bound: number,
  operand: (layout: Layout, seed: number) => Float32Array,
): Operation => ({
  name,
  method: name,
  works: "on elements",
  writes: "out",
  replaces: [0],
  bound,
  variants: [NONE],
  operands: (layout, seed) => [operand(layout, seed)],
  truth: ([x]) => ({ out: { values: COMPUTE[name](x as Float32Array) } }),
});

const wide = (layout: Layout, seed: number) => logits(layout, seed, 30);
const elements = ({ shape }: Layout) => sizeOf(shape);

/** Weights as the option takes them: a number, flat ones, or ones with a shape. */
type Given = number | Float32Array | { readonly data: Float32Array; readonly shape: Shape };

/** Weights that broadcast, one for each element. */
function each(given: unknown, shape: Shape): Float32Array {
  const weights = (given ?? 1) as Given;
  if (typeof weights === "number") return new Float32Array(sizeOf(shape)).fill(weights);
  if ("data" in weights) return broadcast(weights.data, weights.shape, shape);
  return broadcast(weights, weights.length === sizeOf(shape) ? shape : [weights.length], shape);
}

export const ELEMENT_OPERATIONS: readonly Operation[] = [
  elementary("sigmoid", 2.5, wide),
  elementary("logSigmoid", 2, wide),
  elementary("softplus", 2, wide),
  elementary("logit", 1.5, halves),
  {
    name: "sigmoidCrossEntropy",
    method: "sigmoidCrossEntropy",
    works: "on elements",
    writes: "grad",
    replaces: [0],
    bound: 4,
    variants: [
      NONE,
      ["labelSmoothing", () => ({ labelSmoothing: 0.1 })],
      ["posWeight", () => ({ posWeight: 2.5 })],
      ["elementWeights of the last axis", ({ shape }, seed) => ({ elementWeights: weights(shape.at(-1) ?? 1, seed) })],
      ["elementWeights of each element", ({ shape }, seed) => ({ elementWeights: weights(sizeOf(shape), seed) })],
      [
        "elementWeights and posWeight",
        ({ shape }, seed) => ({ elementWeights: 0.3, posWeight: weights(sizeOf(shape), seed) }),
      ],
      ...upstream(elements),
    ],
    operands: (layout, seed) => [logits(layout, seed), halves(layout, seed + 1)],
    truth: (operands, options) => {
      const [x, t] = operands as Float32Array[];
      const {
        labelSmoothing = 0,
        posWeight,
        elementWeights,
        shape,
      } = options as Options & {
        labelSmoothing?: number;
        shape: Shape;
      };
      const { loss, grad } = reference.sigmoidCrossEntropy(x, t, { ...options, grad: true });
      const scales = scalesOf(options, x.length, x.length);
      const pw = each(posWeight, shape);
      const u = each(elementWeights, shape);
      const units = scales.map((s, i) => Math.abs(s) * sigmoidUnit(x[i], t[i], labelSmoothing, pw[i], u[i]));
      return { loss: { values: loss }, grad: { values: grad, units } };
    },
  },
  {
    name: "sigmoidFocalLoss",
    method: "sigmoidFocalLoss",
    works: "on elements",
    writes: "grad",
    replaces: [0],
    bound: 8,
    variants: [
      NONE,
      ["gamma 0", () => ({ gamma: 0 })],
      ["gamma 1", () => ({ gamma: 1 })],
      ["gamma 3", () => ({ gamma: 3 })],
      ["alpha", () => ({ alpha: 0.25 })],
      ...upstream(elements),
    ],
    operands: (layout, seed) => [logits(layout, seed), halves(layout, seed + 1)],
    truth: (operands, options) => {
      const [x, t] = operands as Float32Array[];
      const { alpha, gamma = 2 } = options as { alpha?: number; gamma?: number };
      const { loss, grad } = reference.sigmoidFocalLoss(x, t, { ...options, grad: true });
      const scales = scalesOf(options, x.length, x.length);
      const units = scales.map((s, i) => Math.abs(s) * focalUnit(x[i], t[i], alpha, gamma));
      return { loss: { values: loss }, grad: { values: grad, units } };
    },
  },
  {
    name: "binaryCrossEntropy",
    method: "binaryCrossEntropy",
    works: "on elements",
    writes: "grad",
    replaces: [0],
    bound: 4,
    variants: [NONE, ["unit bits", () => ({ unit: "bits" })]],
    operands: (layout, seed) => [halves(layout, seed), halves(layout, seed + 1)],
    truth: (operands, options) => {
      const [q, t] = operands as Float32Array[];
      const { loss, grad } = reference.binaryCrossEntropy(q, t, { ...options, grad: true });
      return { loss: { values: loss }, out: { values: loss }, grad: { values: grad } };
    },
  },
];
