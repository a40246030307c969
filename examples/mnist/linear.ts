// A linear layer from pixels to logits, z = W·x + b: its weights, their gradients, and steps downhill. The loss and the
// gradients are made by the kernels (objectives.ts), which never hold the logits of a batch.

import { PIXELS } from "./digits.js";

export class Linear {
  readonly outputs: number;
  readonly weights: Float32Array;
  readonly bias: Float32Array;
  /** Where the kernels write the gradients. */
  readonly grad: { readonly weights: Float32Array; readonly bias: Float32Array };

  constructor(outputs: number) {
    this.outputs = outputs;
    this.weights = new Float32Array(outputs * PIXELS);
    this.bias = new Float32Array(outputs);
    this.grad = { weights: new Float32Array(outputs * PIXELS), bias: new Float32Array(outputs) };
  }

  /** Takes one step downhill. */
  step(rate: number): void {
    descend(this.weights, this.grad.weights, rate);
    descend(this.bias, this.grad.bias, rate);
  }

  /** The logits of images, to look at: in plain JavaScript. */
  logits(images: Float32Array): Float32Array {
    const { outputs, weights, bias } = this;
    const logits = new Float32Array((images.length / PIXELS) * outputs);
    for (let z = 0, image = 0; z < logits.length; image += PIXELS) {
      for (let c = 0; c < outputs; c++, z++) {
        let sum = bias[c];
        for (let p = 0, w = c * PIXELS; p < PIXELS; p++, w++) sum += images[image + p] * weights[w];
        logits[z] = sum;
      }
    }
    return logits;
  }
}

function descend(values: Float32Array, grad: Float32Array, rate: number): void {
  for (let i = 0; i < values.length; i++) values[i] -= rate * grad[i];
}
