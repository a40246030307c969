import type {
  LinearOptions,
  LossOptions,
  NllLossOptions,
  SigmoidCrossEntropyOptions,
  SoftmaxCrossEntropyOptions,
} from "./options.js";

/** The options that losses take, by name: options.ts says what each means. Those of other operations stand with them. */

const LOSS = ["shape", "reduction", "grad", "gradOutput"] as const satisfies (keyof LossOptions)[];

const LABELS = [...LOSS, "ignoreIndex", "classWeights", "sampleWeights"] as const satisfies (keyof NllLossOptions)[];

/** What a softmax cross-entropy takes, of whatever its logits are made. */
const TARGETS = [
  ...LABELS,
  "labelSmoothing",
  "zLoss",
  "softcap",
  "temperature",
  "correct",
  "logSumExp",
] as const satisfies (keyof SoftmaxCrossEntropyOptions)[];

const LINEAR = ["bias", "accumulate"] as const satisfies (keyof LinearOptions)[];

export const NLL_LOSS = [...LABELS, "axis"] as const;
export const SHARD_CROSS_ENTROPY = [...TARGETS, "axis"] as const;
export const SOFTMAX_CROSS_ENTROPY = [...SHARD_CROSS_ENTROPY, "state", "start"] as const;
export const LINEAR_SOFTMAX_CROSS_ENTROPY = [...TARGETS, ...LINEAR] as const;
export const DISTILLATION = [...LOSS, "axis", "temperature"] as const;
export const SIGMOID_CROSS_ENTROPY = [
  ...LOSS,
  "labelSmoothing",
  "posWeight",
  "elementWeights",
] as const satisfies (keyof SigmoidCrossEntropyOptions)[];
export const LINEAR_SIGMOID_CROSS_ENTROPY = [...SIGMOID_CROSS_ENTROPY, ...LINEAR] as const;
export const FOCAL = [...LOSS, "alpha", "gamma"] as const;
