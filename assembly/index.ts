/** What the binary exports: one line a kernel. The loader wants the memory; TypeScript owns it from the heap base up. */

export {
  accumulateDense,
  denseApply,
  denseLoss,
  labelLoss,
  othersThan,
  softmaxCrossEntropy,
  softmaxCrossEntropyDense,
} from "./cross-entropy";
export { accumulate, accumulateOnly, begin, finish } from "./row";
export { logit, logSigmoid, sigmoid, softplus } from "./sigmoid";
export { sigmoidCrossEntropy } from "./sigmoid-cross-entropy";
export { logSoftmax, logSoftmaxApply, softmax, softmaxApply } from "./softmax";

/** The first byte that TypeScript may use. */
export function heapBase(): usize {
  return __heap_base;
}
