// Stochastic gradient descent: epochs of mini-batches in an order that is shuffled anew for each.

import { mulberry32 } from "../../bench/random.js";
import { CLASSES } from "./digits.js";
import type { Images } from "./images.js";
import { Linear } from "./linear.js";
import type { Objective } from "./objectives.js";
import type { Progress } from "./progress.js";
import { shuffle } from "./shuffle.js";

export const BATCH = 128;
export const EPOCHS = 12;
const SEED = 1998;

/** Images with what they show. */
export interface Labelled {
  readonly images: Images;
  readonly labels: Int32Array;
}

export interface Trained {
  /** Logits of the test images. */
  readonly logits: Float32Array;
  /** Share of the test images that are recognised. */
  readonly accuracy: number;
  /** Seconds spent in all, and in the loss and its gradient. */
  readonly seconds: number;
  readonly lossSeconds: number;
}

/** Trains a classifier from zero weights. */
export function train(objective: Objective, training: Labelled, test: Labelled, progress: Progress): Trained {
  const { images } = training;
  const layer = new Linear();
  const order = everyone(images);
  const random = mulberry32(SEED);
  const begin = performance.now();
  let lossTime = 0;
  let result = evaluate(layer, test);
  const logits = new Float32Array(BATCH * CLASSES);
  const grad = new Float32Array(BATCH * CLASSES);
  /** Learns from some digits; returns their mean loss. */
  const learn = (which: Uint32Array, rate: number): number => {
    const size = which.length * CLASSES;
    const labels = Int32Array.from(which, (digit) => training.labels[digit]);
    layer.forward(images, which, logits);
    const before = performance.now();
    const loss = objective.loss(logits.subarray(0, size), labels, grad.subarray(0, size));
    lossTime += performance.now() - before;
    layer.step(images, which, grad, rate);
    return loss;
  };

  for (let epoch = 1; epoch <= EPOCHS; epoch++) {
    const began = performance.now();
    let total = 0;
    shuffle(order, random);
    progress.start(epoch);
    for (let from = 0; from < images.count; from += BATCH) {
      const which = order.subarray(from, from + BATCH);
      // Steps shrink to nothing: the last ones settle in the minimum instead of jumping around it.
      const done = (epoch - 1 + from / images.count) / EPOCHS;
      total += learn(which, objective.rate * (1 - done)) * which.length;
      progress.update(epoch, from + which.length);
    }
    result = evaluate(layer, test);
    const seconds = (performance.now() - began) / 1000;
    progress.finish({ epoch, loss: total / images.count, accuracy: result.accuracy, seconds });
  }
  return { ...result, seconds: (performance.now() - begin) / 1000, lossSeconds: lossTime / 1000 };
}

function everyone({ count }: Images): Uint32Array {
  return Uint32Array.from({ length: count }, (_, i) => i);
}

function evaluate(layer: Linear, { images, labels }: Labelled): { logits: Float32Array; accuracy: number } {
  const logits = new Float32Array(images.count * CLASSES);
  layer.forward(images, everyone(images), logits);
  let right = 0;
  for (let row = 0; row < images.count; row++) if (largest(logits, row * CLASSES) === labels[row]) right++;
  return { logits, accuracy: right / images.count };
}

/** The class with the largest of the logits from `at` on. */
function largest(logits: Float32Array, at: number): number {
  let best = 0;
  for (let c = 1; c < CLASSES; c++) if (logits[at + c] > logits[at + best]) best = c;
  return best;
}
