// Compensated summation: a running total and, beside it, the rounding error of every addition, recovered exactly.
// The result is as good as a sum in twice the precision, rounded once, so a row of 2^24 terms costs no accuracy.
//
// T. Ogita, S. M. Rump, S. Oishi, "Accurate Sum and Dot Product", SIAM J. Sci. Comput. 26 (2005), algorithm Sum2.

/** A running compensated sum. */
export class Sum {
  private total = 0;
  private lost = 0;

  add(term: number): void {
    const total = this.total + term;
    // Knuth's two-sum: what the addition above rounded away, whichever operand was larger.
    const kept = total - this.total;
    this.lost += this.total - (total - kept) + (term - kept);
    this.total = total;
  }

  get value(): number {
    // After an infinite or NaN term the correction is NaN and the plain total already has the right answer.
    return Number.isFinite(this.total) ? this.total + this.lost : this.total;
  }
}

/** The compensated sum of all values. */
export function sum(values: Float64Array): number {
  const total = new Sum();
  for (let i = 0; i < values.length; i++) total.add(values[i]);
  return total.value;
}

/**
 * The product of a weight and a value where weight 0 silences an infinite value: 0·∞ = 0, the limit of t·log t.
 * A NaN stays NaN under any weight.
 */
export function weighted(weight: number, value: number): number {
  return weight === 0 && !Number.isNaN(value) ? 0 : weight * value;
}
