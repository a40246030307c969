import type { Call } from "./call.js";
import { overRows, reduced } from "./rows.js";
import type { Magnitudes } from "./truth.js";

/** Magnitudes of entropies and divergences. */

/** Magnitudes of a sum of terms, one for each element; the gradients have but one term. */
export function divergenceTerms(term: (p: number, q: number) => number): (call: Call) => Magnitudes {
  return (call) => {
    const { operands, options } = call;
    const unit = options.unit === "bits" ? Math.LN2 : 1;
    const both = operands.length > 1 ? operands : [operands[0], operands[0]];
    const { values } = overRows(call, both, ([p, q]) => {
      let total = 0;
      for (let i = 0; i < p.length; i++) total += Math.abs(term(p[i], q[i]));
      return total / unit;
    });
    const loss = reduced(values, call, "none");
    return { out: loss, loss };
  };
}

/** w·log x, 0 where w is. */
export function timesLog(weight: number, x: number): number {
  return weight === 0 ? 0 : weight * Math.log(x);
}

export function klTerm(p: number, q: number): number {
  return timesLog(p, p / q);
}

export function jensenShannonTerm(p: number, q: number): number {
  const m = (p + q) / 2;
  return (Math.abs(klTerm(p, m)) + Math.abs(klTerm(q, m))) / 2;
}
