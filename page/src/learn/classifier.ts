// A linear layer from pixels to ten logits: z = W·x + b. The weights of a pixel lie side by side, one a class.

import { CLASSES, type Digits, PIXELS } from "./digits.js";

export class Classifier {
  readonly #weights = new Float32Array(PIXELS * CLASSES);
  readonly #bias = new Float32Array(CLASSES);
  readonly #weightsGrad = new Float32Array(PIXELS * CLASSES);

  /** Writes the logits of the digits that `which` names. */
  forward({ start, pixel, value }: Digits, which: Uint32Array, logits: Float32Array): void {
    const z = new Float64Array(CLASSES);
    for (let i = 0; i < which.length; i++) {
      z.set(this.#bias);
      for (let entry = start[which[i]]; entry < start[which[i] + 1]; entry++) {
        const x = value[entry];
        const w = pixel[entry] * CLASSES;
        for (let c = 0; c < CLASSES; c++) z[c] += x * this.#weights[w + c];
      }
      logits.set(z, i * CLASSES);
    }
  }

  /** One step downhill, from the gradient to the logits of the same digits: ∂L/∂W = (p − y)·xᵀ. */
  step({ start, pixel, value }: Digits, which: Uint32Array, grad: Float32Array, rate: number): void {
    this.#weightsGrad.fill(0);
    for (let i = 0, g = 0; i < which.length; i++, g += CLASSES) {
      for (let c = 0; c < CLASSES; c++) this.#bias[c] -= rate * grad[g + c];
      for (let entry = start[which[i]]; entry < start[which[i] + 1]; entry++) {
        const x = value[entry];
        const w = pixel[entry] * CLASSES;
        for (let c = 0; c < CLASSES; c++) this.#weightsGrad[w + c] += x * grad[g + c];
      }
    }
    for (let i = 0; i < this.#weights.length; i++) this.#weights[i] -= rate * this.#weightsGrad[i];
  }
}
