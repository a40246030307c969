// Stochastic gradient descent: epochs of mini-batches in an order that is shuffled anew for each.

import { uniform } from "../../src/cli/random.js";
import { PIXELS } from "./digits.js";
import type { Labelled } from "./images.js";
import { Linear } from "./linear.js";
import type { Objective } from "./objectives.js";
import type { Progress } from "./progress.js";
import { shuffle } from "./shuffle.js";

export const BATCH = 128;
export const EPOCHS = 12;
const SEED = 1998;

export interface Trained {
  readonly layer: Linear;
  /** Logits of the test images. */
  readonly logits: Float32Array;
  /** Share of the test images that are recognised. */
  readonly accuracy: number;
  /** Seconds spent on training, of them by the kernels; and on testing after each epoch. */
  readonly seconds: number;
  readonly kernelSeconds: number;
  readonly testSeconds: number;
}

/** Trains a classifier from zero weights. */
export function train(objective: Objective, training: Labelled, test: Labelled, progress: Progress): Trained {
  const layer = new Linear(objective.outputs);
  const order = Uint32Array.from({ length: training.count }, (_, i) => i);
  const random = uniform(SEED);
  const images = new Float32Array(BATCH * PIXELS);
  const labels = new Int32Array(BATCH);
  let trainingTime = 0;
  let kernelTime = 0;
  let testTime = 0;
  /** Learns from some digits; returns their mean loss. */
  const learn = (which: Uint32Array, rate: number): number => {
    which.forEach((digit, i) => {
      images.set(training.images.subarray(digit * PIXELS, (digit + 1) * PIXELS), i * PIXELS);
      labels[i] = training.labels[digit];
    });
    const before = performance.now();
    const count = which.length;
    const loss = objective.loss(layer, images.subarray(0, count * PIXELS), labels.subarray(0, count));
    kernelTime += performance.now() - before;
    layer.step(rate);
    return loss;
  };

  for (let epoch = 1; epoch <= EPOCHS; epoch++) {
    const began = performance.now();
    let total = 0;
    shuffle(order, random);
    progress.start(epoch);
    for (let from = 0; from < training.count; from += BATCH) {
      const which = order.subarray(from, from + BATCH);
      // Steps shrink to nothing: the last ones settle in the minimum instead of jumping around it.
      const done = (epoch - 1 + from / training.count) / EPOCHS;
      total += learn(which, objective.rate * (1 - done)) * which.length;
      progress.update(epoch, from + which.length);
    }
    const trained = performance.now();
    const { accuracy } = evaluate(layer, test);
    trainingTime += trained - began;
    testTime += performance.now() - trained;
    progress.finish({ epoch, loss: total / training.count, accuracy, seconds: (trained - began) / 1000 });
  }
  const [seconds, kernelSeconds, testSeconds] = [trainingTime, kernelTime, testTime].map((time) => time / 1000);
  return { layer, ...evaluate(layer, test), seconds, kernelSeconds, testSeconds };
}

function evaluate(layer: Linear, { count, images, labels }: Labelled): { logits: Float32Array; accuracy: number } {
  const logits = layer.logits(images);
  let right = 0;
  for (let row = 0; row < count; row++) if (decide(logits, row, layer.outputs) === labels[row]) right++;
  return { logits, accuracy: right / count };
}

/** The class with the largest logit; of a single logit, whether it is positive. */
function decide(logits: Float32Array, row: number, outputs: number): number {
  const at = row * outputs;
  if (outputs === 1) return logits[at] > 0 ? 1 : 0;
  let best = 0;
  for (let c = 1; c < outputs; c++) if (logits[at + c] > logits[at + best]) best = c;
  return best;
}
