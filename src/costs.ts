/**
 * What kernels cost on one thread, in nanoseconds an element, measured roughly on one machine. They decide what is worth
 * sharing with other threads, and how large a share is; results don't depend on them.
 */
export const COST = {
  softmax: 1,
  softmaxAcross: 1.5,
  softmaxApply: 0.1,
  logSoftmax: 1.1,
  logSoftmaxAcross: 1.5,
  logSoftmaxApply: 0.15,
  logSumExp: 1,
  logSumExpAcross: 1.5,
  accumulate: 0.9,
  accumulateSums: 0.9,
  accumulateDense: 1.5,
  softmaxBackward: 0.4,
  softmaxBackwardApply: 0.2,
  logSoftmaxBackward: 1.5,
  logSoftmaxBackwardApply: 1.3,
  sum: 0.15,
  dot: 0.2,
  argmax: 0.2,
  argmaxAcross: 0.3,
  temper: 0.3,
  softcap: 3,
  softcapBackward: 3,
  smoothTargets: 0.3,
  softmaxCrossEntropy: 1.1,
  softmaxCrossEntropyAcross: 1.7,
  softmaxCrossEntropyGeneral: 2,
  generalApply: 0.3,
  softmaxKlDivergence: 3,
  klAccumulate: 1.8,
  klApply: 2.5,
  sigmoid: 1,
  logSigmoid: 1.7,
  softplus: 1.7,
  logit: 1.6,
  sigmoidCrossEntropy: 1.8,
  sigmoidCrossEntropyGeneral: 4.5,
  sigmoidFocalLoss: 4.5,
  entropy: 1.4,
  crossEntropy: 2,
  klDivergence: 2,
  jensenShannon: 3,
  binaryCrossEntropy: 2,
  /** For each multiply-add. */
  product: 0.06,
  productSums: 0.06,
  storeSums: 0.3,
  packRows: 0.3,
  packColumns: 0.3,
  packGradient: 0.3,
  linearForward: 1,
  linearBackward: 1,
  linearSigmoid: 1.8,
  /** Never shared. */
  topK: 0,
  nllLoss: 0,
} as const;

/** No kernel costs more. */
export const HIGHEST_COST: number = Math.max(...Object.values(COST));

/** What calls name when they are computed: their own kernel. */
export type Operation = keyof typeof COST;
