// The judge: every operation of the kernels as a pure float64 function, in the numerically stable form, plus what only
// teaching and checking need. Typed or plain arrays in, Float64Array out (indices: Int32Array). It imports nothing but
// types from the rest of the package, so that it can judge it: its errors are RangeErrors for values out of range, and
// TypeErrors for an option that does not exist or something of the wrong kind, without the codes of the kernels' errors.

export { argmax, topK } from "./argmax.js";
export type { AxisOptions, Batch, Labels, Numbers, Shape, ShapeOptions } from "./arrays.js";
export { type BinaryCrossEntropyOptions, binaryCrossEntropy } from "./binary-cross-entropy.js";
export type { BroadcastWeights } from "./broadcast.js";
export {
  type SoftmaxCrossEntropyExtras,
  type SoftmaxCrossEntropyOptions,
  softmaxCrossEntropy,
} from "./cross-entropy.js";
export {
  crossEntropy,
  type Divergence,
  type DivergenceOptions,
  type EntropyOptions,
  entropy,
  klDivergence,
  type Unit,
} from "./divergence.js";
export { type GradientCheckOptions, type GradientCheckResult, gradientCheck } from "./gradient-check.js";
export { softmaxJacobian } from "./jacobian.js";
export { jensenShannon } from "./jensen-shannon.js";
export {
  type LinearLoss,
  type LinearSigmoidCrossEntropyOptions,
  type LinearSoftmaxCrossEntropyOptions,
  linearSigmoidCrossEntropy,
  linearSoftmaxCrossEntropy,
} from "./linear.js";
export type { LinearGradients } from "./linear-layer.js";
export { type LogSumExpOptions, logSumExp } from "./log-sum-exp.js";
export type { LogitOptions } from "./logits.js";
export { type NllLossOptions, nllLoss } from "./nll-loss.js";
export type { Loss, Reduced, Reduction, ReductionOptions } from "./reduction.js";
export { logit, logSigmoid, sigmoid, softplus } from "./sigmoid.js";
export { type SigmoidCrossEntropyOptions, sigmoidCrossEntropy } from "./sigmoid-cross-entropy.js";
export { type SigmoidFocalLossOptions, sigmoidFocalLoss } from "./sigmoid-focal-loss.js";
export { type SigmoidSquaredErrorOptions, sigmoidSquaredError } from "./sigmoid-squared-error.js";
export { type LogSoftmaxOptions, logSoftmax, type SoftmaxOptions, softmax } from "./softmax.js";
export { logSoftmaxBackward, softmaxBackward } from "./softmax-backward.js";
export { type SoftmaxKlDivergenceOptions, softmaxKlDivergence } from "./softmax-kl-divergence.js";
export type { LabelOptions, TargetOptions } from "./targets.js";
