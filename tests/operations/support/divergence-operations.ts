import type { Shape } from "../../../src/index.js";
import * as reference from "../../../src/reference/index.js";
import { probabilities } from "./layout.js";
import { NONE, type Operation, type Options, type Variant } from "./operation.js";
import { reducedUnits } from "./reduction.js";
import { divergenceUnits } from "./units.js";

/** Operations on given distributions. */

const BITS: Variant = ["unit bits", () => ({ unit: "bits" })];

type DivergenceOptions = Options & reference.DivergenceOptions & { readonly shape: Shape };

const timesLog = (p: number, x: number) => (p === 0 ? 0 : p * Math.log(x));

const entropyTerm = (p: number) => timesLog(p, p);
const crossEntropyTerm = (p: number, q: number) => timesLog(p, q);
const klTerm = (p: number, q: number) => timesLog(p, p / q);
const jensenShannonTerm = (p: number, q: number) =>
  (Math.abs(timesLog(p, (2 * p) / (p + q))) + Math.abs(timesLog(q, (2 * q) / (p + q)))) / 2;

function unitsOf(
  term: (p: number, q: number) => number,
  p: Float32Array,
  q: Float32Array,
  { shape, axis, unit, reduction = "none" }: DivergenceOptions,
): Float64Array | number {
  const nats = unit === "bits" ? Math.LN2 : 1;
  const units = divergenceUnits(term, p, q, shape, axis).map((value) => value / nats);
  return reducedUnits(units, reduction, units.length);
}

const { crossEntropy, klDivergence, jensenShannon } = reference;
const COMPUTE = { crossEntropy, klDivergence, jensenShannon };

const divergence = (
  name: "crossEntropy" | "klDivergence" | "jensenShannon",
  term: (p: number, q: number) => number,
): Operation => ({
  name,
  method: name,
  works: "along an axis",
  writes: "grad",
  replaces: [1],
  bound: 4,
  variants: [NONE, BITS],
  operands: (layout, seed) => [
    probabilities(layout, seed),
    probabilities(layout, seed + 1).map((q) => Math.max(q, 1e-12)),
  ],
  truth: (operands, options) => {
    const [p, q] = operands as Float32Array[];
    const { loss, grad } = COMPUTE[name](p, q, { ...options, grad: true });
    const units = unitsOf(term, p, q, options as DivergenceOptions);
    return { loss: { values: loss, units }, out: { values: loss, units }, grad: { values: grad } };
  },
});

export const DIVERGENCE_OPERATIONS: readonly Operation[] = [
  {
    name: "entropy",
    method: "entropy",
    works: "along an axis",
    replaces: [],
    bound: 4,
    variants: [NONE, BITS],
    operands: (layout, seed) => [probabilities(layout, seed)],
    truth: ([p], options) => {
      const units = unitsOf(entropyTerm, p as Float32Array, p as Float32Array, options as DivergenceOptions);
      return { out: { values: reference.entropy(p as Float32Array, options), units } };
    },
  },
  divergence("crossEntropy", crossEntropyTerm),
  divergence("klDivergence", klTerm),
  divergence("jensenShannon", jensenShannonTerm),
];
