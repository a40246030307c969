// npm start: two classifiers of handwritten digits trained with the kernels' losses and gradients; then every value they
// give on the test digits checked against the float64 reference, and their speed against plain JavaScript.
//
// Fails (exit code 1) if a value is out of bounds or the softmax classifier recognises fewer than 92 % of the test digits.

import { load } from "xentropy";
import { BOUND, crossCheck } from "./cross-check.js";
import { type Digits, testDigits, trainingDigits } from "./digits.js";
import { toImages } from "./images.js";
import { type Objective, sigmoidObjective, softmaxObjective } from "./objectives.js";
import { Progress } from "./progress.js";
import { reportChecks, reportSection, reportSpeed, reportStart, reportTrained, reportVerdict } from "./report.js";
import { compareSpeed } from "./speed.js";
import { BATCH, EPOCHS, type Labelled, train } from "./train.js";

const k = await load();
const training = labelled(trainingDigits());
const test = labelled(testDigits());
const { labels } = test;
reportStart(k.backend, training, test);

reportSection("Softmax classifier", `batches of ${BATCH}; the loss is the mean over digits, in nats`);
const softmax = trained(softmaxObjective(k));

reportSection("Ten sigmoids, one against all", "the loss is the mean over the ten questions of every digit, in nats");
const sigmoids = trained(sigmoidObjective(k));

reportSection(
  "Cross-check",
  `every value for the test digits against the float64 reference, at most ${BOUND} ULP away`,
);
const checked = crossCheck(k, { softmaxLogits: softmax.logits, sigmoidLogits: sigmoids.logits, labels });
reportChecks(checked.checks);

reportSection("Speed", "Float32Array in and out, losses with gradient; medians of rounds in rotated order");
reportSpeed(await compareSpeed(k, softmax.logits, labels));

if (!reportVerdict(checked, softmax.accuracy)) process.exitCode = 1;

function trained(objective: Objective) {
  const result = train(objective, training, test, new Progress(EPOCHS, training.images.count));
  reportTrained(result);
  return result;
}

function labelled(digits: Digits): Labelled {
  return { images: toImages(digits), labels: digits.labels };
}
