/**
 * xentropy: softmax and cross-entropy kernels. `load` gives the operations; see Xentropy.
 */
export type { Backend } from "./backend/backend.js";
export type { FloatBatch, FloatOutput, Labels, Reduction, Shape, TensorLike } from "./batch.js";
export {
  AxisError,
  BackendError,
  DtypeError,
  ForeignError,
  FreedError,
  LabelError,
  MemoryError,
  OptionError,
  OutputError,
  OverlapError,
  ShapeError,
  WeightError,
  XentropyError,
} from "./errors.js";
export type { Xentropy } from "./kernels.js";
export { type LoadOptions, load, loadSync } from "./load.js";
export type {
  ArrayOptions,
  BatchOptions,
  BinaryCrossEntropyOptions,
  Divergence,
  DivergenceOptions,
  ElementwiseOptions,
  EntropyOptions,
  LogSoftmaxOptions,
  LogSumExpOptions,
  Loss,
  LossOptions,
  NllLossOptions,
  SigmoidCrossEntropyOptions,
  SigmoidFocalLossOptions,
  SoftmaxCrossEntropyLoss,
  SoftmaxCrossEntropyOptions,
  SoftmaxKlDivergenceOptions,
  SoftmaxOptions,
} from "./options.js";
export type { Dtype, ResidentBatch } from "./resident.js";
export type { Weights } from "./weights.js";
