import * as reference from "../reference/index.js";
import { transformLogits } from "../reference/logits.js";
import { type Call, numbers, shapeOf } from "./call.js";
import { overRows } from "./rows.js";
import type { Magnitudes } from "./truth.js";

/** Magnitudes of the softmax family. */

/** |max| + log Σ exp(x − max). The maximum is what is left of the log-sum-exp of numbers 2^80 as large. */
export function logSumExpTerms({ operands: [x], options }: Call): Magnitudes {
  const { shape, axis } = options as reference.LogSumExpOptions;
  const z = transformLogits(numbers(x), options);
  const settings = { shape: shape ?? shapeOf({ operands: [x], options }), axis: axis ?? -1 };
  const large = 2 ** 80;
  const max = reference
    .logSumExp(
      z.map((value) => value * large),
      settings,
    )
    .map((value) => value / large);
  return { out: reference.logSumExp(z, settings).map((value, i) => Math.abs(max[i]) + Math.abs(value - max[i])) };
}

/** |p|·(|dp| + Σ |dp·p|) */
export function softmaxBackwardTerms(call: Call): Magnitudes {
  const { elements } = overRows(call, call.operands, ([p, dp], result) => {
    const sum = p.reduce((total, value, i) => total + Math.abs(value * dp[i]), 0);
    for (let i = 0; i < p.length; i++) result[i] = Math.abs(p[i]) * (Math.abs(dp[i]) + sum);
    return 0;
  });
  return { out: elements };
}

/** |dlp| + exp(lp)·Σ |dlp| */
export function logSoftmaxBackwardTerms(call: Call): Magnitudes {
  const { elements } = overRows(call, call.operands, ([lp, dlp], result) => {
    const sum = dlp.reduce((total, value) => total + Math.abs(value), 0);
    for (let i = 0; i < lp.length; i++) result[i] = Math.abs(dlp[i]) + Math.exp(lp[i]) * sum;
    return 0;
  });
  return { out: elements };
}

/** Σ |w·lp_y|: the loss of log-probabilities that are all negative. */
export function nllTerms({ operands: [lp, labels], options }: Call): Magnitudes {
  const data = numbers(lp).map((value) => -Math.abs(value));
  const shape = shapeOf({ operands: [lp, labels], options });
  return { loss: reference.nllLoss({ data, shape }, labels as never, { ...options, grad: false }).loss };
}
