// A linear layer from pixels to ten logits, z = W·x + b, its gradients, and the step downhill. In plain JavaScript, only
// the pixels that aren't black are touched.

import { CLASSES, type Digits, PIXELS } from "./digits.js";

export class Classifier {
  /** Shape [classes, pixels]. */
  readonly weights = new Float32Array(CLASSES * PIXELS);
  readonly bias = new Float32Array(CLASSES);
  readonly weightsGrad = new Float32Array(CLASSES * PIXELS);
  readonly biasGrad = new Float32Array(CLASSES);

  /** Writes the logits of the digits that `which` names. */
  forward({ start, pixel, value }: Digits, which: Uint32Array, logits: Float32Array): void {
    const { weights, bias } = this;
    for (let i = 0; i < which.length; i++) {
      const [from, to] = [start[which[i]], start[which[i] + 1]];
      for (let c = 0, row = 0; c < CLASSES; c++, row += PIXELS) {
        let z = bias[c];
        for (let entry = from; entry < to; entry++) z += value[entry] * weights[row + pixel[entry]];
        logits[i * CLASSES + c] = z;
      }
    }
  }

  /** The gradients of weights and bias from that of the logits: Σ (p − y)·xᵀ and Σ (p − y). */
  backward({ start, pixel, value }: Digits, which: Uint32Array, grad: Float32Array): void {
    const { weightsGrad, biasGrad } = this;
    weightsGrad.fill(0);
    biasGrad.fill(0);
    for (let i = 0; i < which.length; i++) {
      const [from, to] = [start[which[i]], start[which[i] + 1]];
      for (let c = 0, row = 0; c < CLASSES; c++, row += PIXELS) {
        const g = grad[i * CLASSES + c];
        biasGrad[c] += g;
        for (let entry = from; entry < to; entry++) weightsGrad[row + pixel[entry]] += g * value[entry];
      }
    }
  }

  /** One step along the gradients. */
  descend(rate: number): void {
    for (let i = 0; i < this.weights.length; i++) this.weights[i] -= rate * this.weightsGrad[i];
    for (let c = 0; c < CLASSES; c++) this.bias[c] -= rate * this.biasGrad[c];
  }
}
