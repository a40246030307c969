// Trains in a thread of its own: stochastic gradient descent over seeded mini-batches, until it is told to stop.

import { load } from "xentropy";
import { uniform } from "../../../build/programs/src/cli/random.js";
import { softmaxCrossEntropy } from "../../../build/programs/src/cli/rivals/cross-entropy.js";
import { Classifier } from "./classifier.js";
import { CLASSES, type Digits, fetchDigits, PIXELS } from "./digits.js";
import { BATCH, EPOCHS, RATE, SHOWN } from "./schedule.js";

export type Engine = "wasm" | "javascript";

/** What the page asks for. */
export type Request =
  | { readonly kind: "train"; readonly training: boolean }
  | { readonly kind: "engine"; readonly engine: Engine }
  | { readonly kind: "reset" };

/** A test digit that was taken for another. */
export interface Misread {
  readonly pixels: Uint8Array;
  readonly label: number;
  readonly probabilities: Float32Array;
}

/** The first message: how many digits it has. */
export interface Ready {
  readonly training: number;
  readonly test: number;
}

/** How far it has come. */
export interface Progress {
  readonly epoch: number;
  /** The same with its fraction. */
  readonly time: number;
  readonly engine: Engine;
  /** Mean loss of the batches since the last message, in nats; before the first step, that of the first batch. */
  readonly loss: number;
  /** Share of the test digits that are recognised, and a few that aren't. */
  readonly accuracy: number;
  readonly misread: readonly Misread[];
  /** Digits a second since the last message, if there were any. */
  readonly samplesPerSecond?: number;
  readonly finished: boolean;
}

/** Milliseconds between messages, at most, and steps: the steep beginning wants many points. */
const INTERVAL = 50;
const STEPS = 25;

const k = await load();
const { training, test } = await fetchDigits();
const everyTest = Uint32Array.from({ length: test.count }, (_, i) => i);
const logits = new Float32Array(BATCH * CLASSES);
const logitsGrad = new Float32Array(BATCH * CLASSES);
const images = Float32Array.from(training.pixels, (brightness) => brightness / 15);
/** What the rival in JavaScript is given beside the labels. */
const rows = {
  rows: BATCH,
  columns: CLASSES,
  x: logits,
  y: new Float32Array(0),
  output: logitsGrad,
  values: new Float32Array(0),
  indices: new Int32Array(0),
};
const features = new Float32Array(BATCH * PIXELS);

/** Mean loss of a batch; the gradients of weights and bias go to the classifier. */
const LOSS: Record<Engine, (which: Uint32Array, labels: Int32Array) => number> = {
  wasm(which, labels) {
    for (let i = 0; i < BATCH; i++) {
      features.set(images.subarray(which[i] * PIXELS, (which[i] + 1) * PIXELS), i * PIXELS);
    }
    const { weights, bias, weightsGrad, biasGrad } = classifier;
    const grad = { weights: weightsGrad, bias: biasGrad };
    return k.linearSoftmaxCrossEntropy(features, weights, labels, { shape: [BATCH, PIXELS], bias, grad }).loss;
  },
  javascript(which, labels) {
    classifier.forward(training, which, logits);
    const loss = softmaxCrossEntropy({ ...rows, labels }, 1 / BATCH) / BATCH;
    classifier.backward(training, which, logitsGrad);
    return loss;
  },
};

let engine: Engine = "wasm";
let running = false;
let classifier = new Classifier();
let random = uniform(1998);
let order = shuffled();
let at = 0;
let epoch = 1;

function shuffled(): Uint32Array {
  const result = Uint32Array.from({ length: training.count }, (_, i) => i);
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [result[i], result[j]] = [result[j], result[i]];
  }
  return result;
}

function reset(): void {
  classifier = new Classifier();
  random = uniform(1998);
  order = shuffled();
  at = 0;
  epoch = 1;
}

/** Mean loss of the next batch; the gradients go to the classifier. */
function lossOfNext(): number {
  const which = order.subarray(at, at + BATCH);
  return LOSS[engine](
    which,
    Int32Array.from(which, (digit) => training.labels[digit]),
  );
}

/** One step; returns the mean loss. */
function step(): number {
  const loss = lossOfNext();
  classifier.descend(RATE * (1 - (epoch - 1 + at / training.count) / EPOCHS));
  at += BATCH;
  if (at >= training.count) {
    at = 0;
    epoch++;
    order = shuffled();
  }
  return loss;
}

/** Steps for a while, then says how it went; goes on at the next turn, so that requests are heard in between. */
function turn(): void {
  if (!running) return;
  if (epoch === 1 && at === 0) tell({ loss: lossOfNext(), finished: false });
  const begin = performance.now();
  let steps = 0;
  let total = 0;
  while (performance.now() - begin < INTERVAL && steps < STEPS && epoch <= EPOCHS) {
    total += step();
    steps++;
  }
  const elapsed = performance.now() - begin;
  const finished = epoch > EPOCHS;
  running = !finished;
  tell({ loss: total / steps, samplesPerSecond: (steps * BATCH * 1000) / elapsed, finished });
  setTimeout(turn);
}

function tell(news: Pick<Progress, "loss" | "samplesPerSecond" | "finished">): void {
  const message: Progress = {
    epoch: Math.min(epoch, EPOCHS),
    time: epoch - 1 + at / training.count,
    engine,
    ...evaluate(test),
    ...news,
  };
  self.postMessage(message);
}

function evaluate(digits: Digits): { accuracy: number; misread: Misread[] } {
  const z = new Float32Array(digits.count * CLASSES);
  classifier.forward(digits, everyTest, z);
  const shape = [digits.count, CLASSES];
  const p = k.softmax(z, { shape });
  const best = k.argmax(z, { shape });
  const wrong = everyTest.filter((i) => best[i] !== digits.labels[i]);
  const misread = Array.from(wrong.subarray(0, SHOWN), (i) => ({
    pixels: digits.pixels.slice(i * PIXELS, (i + 1) * PIXELS),
    label: digits.labels[i],
    probabilities: p.slice(i * CLASSES, (i + 1) * CLASSES),
  }));
  return { accuracy: 1 - wrong.length / digits.count, misread };
}

self.addEventListener("message", ({ data }: MessageEvent<Request>) => {
  if (data.kind === "engine") engine = data.engine;
  else if (data.kind === "reset") reset();
  else if (data.training && !running) {
    if (epoch > EPOCHS) reset();
    running = true;
    turn();
  } else running = data.training;
});

self.postMessage({ training: training.count, test: test.count } satisfies Ready);
