// npm start: linear classifiers of handwritten digits trained with the kernels' losses and gradients; then every value they
// give on the test digits checked against the float64 reference, and their speed against plain JavaScript.
//
// Fails (exit code 1) if a value is out of bounds or the softmax classifier recognises fewer than 92 % of the test digits.

import { load } from "xentropy";
import { BOUND, crossCheck } from "./cross-check.js";
import { testDigits, trainingDigits } from "./digits.js";
import { type Labelled, labelled, only } from "./images.js";
import { logisticObjective, type Objective, sigmoidObjective, softmaxObjective } from "./objectives.js";
import { Progress } from "./progress.js";
import { reportChecks, reportSection, reportSpeed, reportStart, reportTrained, reportVerdict } from "./report.js";
import { compareSpeed } from "./speed.js";
import { BATCH, EPOCHS, train } from "./train.js";

const k = await load();
const training = labelled(trainingDigits());
const test = labelled(testDigits());
const { labels } = test;
reportStart(k.backend, training, test);

reportSection("Softmax classifier", `batches of ${BATCH}; the loss is the mean over digits, in nats`);
const softmax = trained(softmaxObjective(k), training, test);

reportSection("Ten sigmoids, one against all", "the loss is the mean over the ten questions of every digit, in nats");
const sigmoids = trained(sigmoidObjective(k), training, test);

const pair = [4, 9] as const;
reportSection(`Logistic regression, ${pair[0]} or ${pair[1]}`, "one sigmoid: the case of a single class");
trained(logisticObjective(k), only(training, pair), only(test, pair));

reportSection(
  "Cross-check",
  `every value for the test digits against the float64 reference, at most ${BOUND} ULP away`,
);
const checked = crossCheck(k, {
  softmaxLogits: softmax.logits,
  sigmoidLogits: sigmoids.logits,
  labels,
  images: test.images,
  softmax: softmax.layer,
  sigmoids: sigmoids.layer,
});
reportChecks(checked.checks);

reportSection(
  "Speed",
  "Float32Array in and out, losses with gradient; medians of rounds in rotated order, the speed-up among them",
);
reportSpeed(await compareSpeed(k, softmax.logits, labels));

if (!reportVerdict(checked, softmax.accuracy)) process.exitCode = 1;

function trained(objective: Objective, digits: Labelled, unseen: Labelled) {
  const result = train(objective, digits, unseen, new Progress(EPOCHS, digits.count));
  reportTrained(result);
  return result;
}
