/** What the binary exports: one line a kernel. The loader wants the memory; TypeScript owns it from the heap base up. */

export { logSoftmaxAcross, logSumExpAcross, softmaxAcross } from "./across";
export { argmax, argmaxAcross } from "./argmax";
export { dot, logSoftmaxBackward, logSoftmaxBackwardApply, softmaxBackward, softmaxBackwardApply } from "./backward";
export { binaryCrossEntropy } from "./binary-cross-entropy";
export { labelLoss, softmaxCrossEntropy } from "./cross-entropy";
export { softmaxCrossEntropyAcross } from "./cross-entropy-across";
export {
  accumulateDense,
  generalApply,
  generalLoss,
  labelGradient,
  logSumExpOf,
  softmaxCrossEntropyGeneral,
} from "./cross-entropy-general";
export { klAccumulate, klApply, klLoss, softmaxKlDivergence } from "./distillation";
export { crossEntropy, entropy, klDivergence } from "./divergence";
export { sigmoidFocalLoss } from "./focal";
export { jensenShannon } from "./jensen-shannon";
export { linearBackward, linearBegin, linearFinish, linearForward, linearMaxima, linearSigmoid } from "./linear";
export { logSumExp } from "./log-sum-exp";
export { softcap, softcapBackward, temper } from "./logits";
export { sum } from "./math/sum";
export { packColumns, packGradient, packRows } from "./pack";
export { product, productSums, storeSums } from "./product";
export { accumulate, accumulateSums, append, begin, combine, finish } from "./row";
export { logit, logSigmoid, sigmoid, softplus } from "./sigmoid";
export { sigmoidCrossEntropy } from "./sigmoid-cross-entropy";
export { sigmoidCrossEntropyGeneral } from "./sigmoid-cross-entropy-general";
export { logSoftmax, logSoftmaxApply, softmax, softmaxApply } from "./softmax";
export { smoothTargets } from "./targets";
export { topK } from "./top-k";
export { transpose } from "./transpose";

/** The first byte that TypeScript may use. */
export function heapBase(): usize {
  return __heap_base;
}
