import { keepsSums } from "../ops/linear-products.js";
import { type Layer, layerGradients, readLayer } from "../reference/linear-layer.js";
import { type LogitOptions, transformLogits } from "../reference/logits.js";
import type { Call } from "./call.js";
import type { Truth } from "./truth.js";

/**
 * The truth of a linear classifier's loss for check.ts: the loss of the exact logits, and what its error is measured by.
 * The kernels' logits are off by at most LAYER_BOUND ULP of M = Σ |x·w| + |b|, and loss and gradients follow, to first
 * order, with T the sum of magnitudes of the gradient to a logit (of a loss that isn't reduced: without gradOutput):
 *
 *   loss: |loss| + Σ T·M      gradient to the logit: T·(1 + M + max M), once more T for the sum that it then enters
 *
 * What is subnormal is rounded by up to 2^-150 besides: the gradient to a logit, and each of its products with x or w.
 *
 * A temperature divides M and max M, but in the loss, where T has been divided by it. A softcap bends what it scales. Both
 * round to float32: the logits z″ that they leave are off by |z″|/4 more, those of the truth by as much as the kernels', and
 * in the loss times T before slope and temperature. A z-loss λ pulls every logit by 2λ·p times the log-sum-exp's error,
 * which is that of the logits: 2λ·p·max M.
 */

/** 64 products are summed in float32, and the sum is rounded. */
export const LAYER_BOUND = 66;

/** 66u of it are 2^-150, by which a product or a gradient to a logit is rounded where it is subnormal. */
const SUBNORMAL = 2 ** -132;

/** The truth of the loss from logits: `loss` and `grad`, and what else it has. */
type LossTruth = (call: Call) => Record<string, Truth>;

export function linearTruth({ operands, options }: Call, truth: LossTruth): Record<string, Truth> {
  const [features, weights, targets] = operands;
  const { bias, grad, accumulate, gradOutput, ...rest } = options;
  const layer = readLayer(features as never, weights as never, options);
  const shape = [...layer.positions, layer.classes];
  const logits = { data: layer.logits, shape };
  const settings = { ...rest, shape, grad: true };
  const upstream = truth({ operands: [logits, targets], options: { ...settings, gradOutput } });
  const plain = gradOutput === undefined ? upstream : truth({ operands: [logits, targets], options: settings });
  const sizes = sizesOf(layer, bias as ArrayLike<number> | undefined);
  const terms = termsOf(plain.grad);
  // What is left out counts for nothing, whatever its features are.
  const moves = sizes.map((size, i) => (terms[i] === 0 ? 0 : terms[i] * size));
  const { softcap, temperature, ...bare } = settings as LogitOptions;
  const left = transformLogits(layer.logits, { softcap, temperature });
  const rounding = roundingOf(layer.logits, left);
  if (left !== layer.logits) {
    const { grad: slopes } = truth({ operands: [{ data: left, shape }, targets], options: bare });
    for (const [i, slope] of termsOf(slopes).entries()) moves[i] += slope * rounding[i];
  }
  const results: Record<string, Truth> = { ...upstream, loss: lossTruth(plain.loss, moves, layer) };
  const heat = temperature ?? 1;
  const spreads = largestOf(
    sizes.map((size, i) => size / heat + rounding[i]),
    layer.classes,
  );
  results.logSumExp = logSumExpTruth(upstream.logSumExp, spreads);
  const before = accumulate && typeof grad === "object" ? (grad as Record<string, unknown>) : {};
  const values = layerGradients(layer, Float64Array.from(upstream.grad.values as ArrayLike<number>));
  const magnitudes = layerGradients(absolute(layer), spread());
  const groups = keepsSums(layer) ? 1 : 1 + sizes.length / (64 * LAYER_BOUND * layer.classes);
  for (const name of ["features", "weights", "bias"] as const) {
    const there = before[name] as ArrayLike<number> | boolean | undefined;
    const old = (i: number) => (typeof there === "object" ? there[i] : 0);
    const least = SUBNORMAL * (name === "features" ? layer.classes : sizes.length / layer.classes);
    results[`grad.${name}`] = {
      values: values[name].map((value, i) => value + old(i)),
      magnitudes: magnitudes[name].map(
        (value, i) => (value + Math.abs(old(i))) * (name === "weights" ? groups : 1) + least,
      ),
    };
  }
  return results;

  /** What the gradient to a logit may be off by, in units of LAYER_BOUND, and once more itself. */
  function spread(): Float64Array {
    const bend = 1 / heat + (softcap === undefined ? 0 : 2 / softcap);
    const bent = sizes.map((size, i) => bend * size + rounding[i]);
    const largest = largestOf(bent, layer.classes);
    return termsOf(upstream.grad).map((term, i) => {
      const n = Math.floor(i / layer.classes);
      const factor = 2 + bent[i] + largest[n];
      if (term === 0 && !Number.isFinite(factor)) return 0;
      const pull = upstream.grad.pull?.[i] ?? 0;
      return (term + SUBNORMAL) * factor + (pull === 0 ? 0 : pull * spreads[n]);
    });
  }
}

function termsOf({ values, magnitudes = values }: Truth): Float64Array {
  return Float64Array.from(magnitudes as ArrayLike<number>, Math.abs);
}

/** M of every logit; 0 for one of −Infinity, a masked class, which leaves no error in the others. */
function sizesOf({ x, w, depth, classes, logits }: Layer, bias: ArrayLike<number> | undefined): Float64Array {
  return logits.map((logit, i) => {
    if (Math.abs(logit) === Infinity) return 0;
    const [n, c] = [Math.floor(i / classes), i % classes];
    let size = bias ? Math.abs(bias[c]) : 0;
    for (let d = 0; d < depth; d++) size += Math.abs(x[n * depth + d] * w[c * depth + d]);
    return size;
  });
}

/** |z″|/4 of what softcap and temperature leave of the logits; 0 without either, and of an infinite one. */
function roundingOf(logits: Float64Array, left: Float64Array): Float64Array {
  return left.map((value, i) => {
    return left === logits || !Number.isFinite(logits[i]) || !Number.isFinite(value) ? 0 : Math.abs(value) / 4;
  });
}

/** Losses are one a position, one a logit, or reduced. */
function lossTruth({ values, magnitudes = values }: Truth, moves: Float64Array, { classes }: Layer): Truth {
  const own = typeof magnitudes === "number" ? [magnitudes] : Array.from(magnitudes);
  const each = own.length === moves.length ? 1 : own.length * classes === moves.length ? classes : 0;
  const single = typeof values === "number" || each === 0;
  const result = own.map(Math.abs);
  for (let i = 0; i < moves.length; i++) result[single ? 0 : Math.floor(i / each)] += moves[i];
  return { values, magnitudes: result };
}

/** A log-sum-exp moves as the logits do, by no more than the largest. */
function logSumExpTruth(truth: Truth | undefined, spreads: Float64Array): Truth {
  if (!truth) return { values: [] };
  const { values, magnitudes = values } = truth;
  const own = magnitudes as ArrayLike<number>;
  return { values, magnitudes: Array.from(own, (size, n) => Math.abs(size) + (spreads[n] ?? 0)) };
}

/** The largest of each row. */
function largestOf(sizes: Float64Array, classes: number): Float64Array {
  const rows = classes === 0 ? 0 : sizes.length / classes;
  return Float64Array.from({ length: rows }, (_, n) => {
    return sizes.subarray(n * classes, (n + 1) * classes).reduce((a, b) => Math.max(a, b), 0);
  });
}

function absolute(layer: Layer): Layer {
  return { ...layer, x: layer.x.map(Math.abs), w: layer.w.map(Math.abs) };
}
