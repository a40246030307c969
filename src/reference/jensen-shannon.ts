// Jensen–Shannon divergence of given probabilities, one value per row. With M = ½(P + Q)
//
//   JS(P, Q) = ½·D(P‖M) + ½·D(Q‖M)      gradient to q: ½·log(q/m)
//
// J. Lin, "Divergence Measures Based on the Shannon Entropy", IEEE Trans. Inf. Theory 37 (1991).

import type { Only } from "../given.js";
import type { Batch } from "./arrays.js";
import { requireOptions } from "./checks.js";
import { compareRows, DIVERGENCE_OPTIONS, type Divergence, type DivergenceOptions } from "./divergence.js";
import { Sum, weighted } from "./sum.js";

/**
 * Jensen–Shannon divergence of each row: the divergence, not its root. At most log 2 for normalised rows.
 *
 * @param p probabilities of any shape with at least one axis
 * @param q probabilities in the same shape
 * @returns one value per row, or with a reduction a number; with `grad` also the gradient to `q`
 * @throws RangeError for shapes that don't match, an axis out of range, or an unknown option value.
 */
export function jensenShannon<const O extends Only<DivergenceOptions, O> = object>(
  p: Batch,
  q: Batch,
  options: O = {} as O,
): Divergence<O> {
  requireOptions(options, DIVERGENCE_OPTIONS);
  return compareRows<O>(p, q, options, (pRow, qRow, grad) => {
    const total = new Sum();
    for (let i = 0; i < pRow.length; i++) {
      total.add(jensenShannonTerm(pRow[i], qRow[i]));
      if (grad) grad[i] = logOverMean(qRow[i], pRow[i]) / 2;
    }
    return total.value;
  });
}

/**
 * ½·(p·log(p/m) + q·log(q/m)), m = (p + q)/2. The two terms are opposite and nearly equal for p ≈ q; with
 * u = (p − q)/(p + q), so that p = m(1 + u) and q = m(1 − u), their sum is m·(u·atanh(u) + ½·log1p(−u²)) = m·(u²/2 +
 * …), whose parts differ by a factor of 2.
 */
function jensenShannonTerm(p: number, q: number): number {
  const m = (p + q) / 2;
  if (m === 0) return 0;
  const u = (p - q) / (p + q);
  if (Math.abs(u) < 0.5) return m * (u * Math.atanh(u) + Math.log1p(-u * u) / 2);
  return (weighted(p, Math.log(p / m)) + weighted(q, Math.log(q / m))) / 2;
}

/** log(q/m), m = (p + q)/2; 0 where neither has mass. */
function logOverMean(q: number, p: number): number {
  if (p === q) return p - q;
  const u = (q - p) / (p + q);
  return Math.abs(u) < 0.5 ? Math.log1p(u) : Math.log((2 * q) / (p + q));
}
