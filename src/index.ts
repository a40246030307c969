/**
 * xentropy: softmax and cross-entropy kernels. `load` gives the operations; see Xentropy.
 */
export type { Backend } from "./backend/backend.js";
export type {
  ElementTargets,
  FloatBatch,
  FloatOutput,
  IndexOutput,
  Labels,
  OpenTensor,
  Reduction,
  TensorLike,
} from "./batch.js";
export type { CompiledModule } from "./binaries/binaries.js";
export { load, loadSync } from "./entries/embedded.js";
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
  WorkerLostError,
  XentropyError,
} from "./errors.js";
export type { Given, Only, Property } from "./given.js";
export type { Xentropy } from "./kernels.js";
export type { LoadOptions } from "./load.js";
export type { StateData } from "./log-sum-exp-data.js";
export type { LogSumExpState } from "./log-sum-exp-state.js";
export type {
  ArgmaxOptions,
  ArrayOptions,
  ArrayResult,
  BatchOptions,
  BinaryCrossEntropyOptions,
  Divergence,
  DivergenceOptions,
  ElementwiseOptions,
  EntropyOptions,
  Into,
  LinearGradientOption,
  LinearLoss,
  LinearOptions,
  LinearSigmoidCrossEntropyOptions,
  LinearSoftmaxCrossEntropyLoss,
  LinearSoftmaxCrossEntropyOptions,
  LogSoftmaxOptions,
  LogSumExpOptions,
  Loss,
  LossOptions,
  NllLossOptions,
  Output,
  OutputOptions,
  ShapeOptions,
  SigmoidCrossEntropyOptions,
  SigmoidFocalLossOptions,
  SoftmaxCrossEntropyLoss,
  SoftmaxCrossEntropyOptions,
  SoftmaxKlDivergenceOptions,
  SoftmaxOptions,
} from "./options.js";
export type { Dtype, ResidentBatch } from "./resident.js";
export type { Shape } from "./shape.js";
export type { Weights } from "./weights.js";
