import type { Engine, Kernels } from "../backend.js";
import { logSoftmaxAcross, logSumExpAcross, softmaxAcross } from "./across.js";
import { argmax, argmaxAcross } from "./argmax.js";
import { dot, logSoftmaxBackward, logSoftmaxBackwardApply, softmaxBackward, softmaxBackwardApply } from "./backward.js";
import { binaryCrossEntropy } from "./binary-cross-entropy.js";
import { labelLoss, softmaxCrossEntropy } from "./cross-entropy.js";
import { softmaxCrossEntropyAcross } from "./cross-entropy-across.js";
import {
  accumulateDense,
  generalApply,
  generalLoss,
  labelGradient,
  logSumExpOf,
  softmaxCrossEntropyGeneral,
} from "./cross-entropy-general.js";
import { klAccumulate, klApply, klLoss, softmaxKlDivergence } from "./distillation.js";
import { crossEntropy, entropy, klDivergence } from "./divergence.js";
import { sigmoidFocalLoss } from "./focal.js";
import { jensenShannon } from "./jensen-shannon.js";
import { linearBackward, linearBegin, linearFinish, linearForward, linearMaxima, linearSigmoid } from "./linear.js";
import { logSumExp } from "./log-sum-exp.js";
import { softcap, softcapBackward, temper } from "./logits.js";
import { sum } from "./math/sum.js";
import { HEAP_BASE, Memory } from "./memory.js";
import { packColumns, packGradient, packRows } from "./pack.js";
import { product, productSums, storeSums } from "./product.js";
import { accumulate, accumulateSums, begin, combine, finish } from "./row.js";
import { logit, logSigmoid, sigmoid, softplus } from "./sigmoid.js";
import { sigmoidCrossEntropy } from "./sigmoid-cross-entropy.js";
import { sigmoidCrossEntropyGeneral } from "./sigmoid-cross-entropy-general.js";
import { logSoftmax, logSoftmaxApply, softmax, softmaxApply } from "./softmax.js";
import { smoothTargets } from "./targets.js";
import { topK } from "./top-k.js";
import { transpose } from "./transpose.js";

/**
 * The kernels in plain TypeScript, for where WebAssembly may not be compiled and to check the compiled ones: the same
 * functions on the same kind of memory, with the same bits but those of a NaN. Files and functions are named as in
 * assembly/, which explains them; what is said here is what differs. Files there that are about vectors alone, such as those
 * of quads and narrow rows, have none here.
 */
export function openJs(maximumMemory: number): Engine {
  const memory = new Memory(maximumMemory);
  const kernels = {
    heapBase: () => HEAP_BASE,
    softmax: softmax.bind(null, memory),
    softmaxApply: softmaxApply.bind(null, memory),
    logSoftmax: logSoftmax.bind(null, memory),
    logSoftmaxApply: logSoftmaxApply.bind(null, memory),
    logSumExp: logSumExp.bind(null, memory),
    softmaxAcross: softmaxAcross.bind(null, memory),
    logSoftmaxAcross: logSoftmaxAcross.bind(null, memory),
    logSumExpAcross: logSumExpAcross.bind(null, memory),
    begin: begin.bind(null, memory),
    accumulate: accumulate.bind(null, memory),
    accumulateSums: accumulateSums.bind(null, memory),
    finish: finish.bind(null, memory),
    combine: combine.bind(null, memory),
    softmaxBackward: softmaxBackward.bind(null, memory),
    softmaxBackwardApply: softmaxBackwardApply.bind(null, memory),
    dot: dot.bind(null, memory),
    logSoftmaxBackward: logSoftmaxBackward.bind(null, memory),
    logSoftmaxBackwardApply: logSoftmaxBackwardApply.bind(null, memory),
    sum: sum.bind(null, memory),
    argmax: argmax.bind(null, memory),
    argmaxAcross: argmaxAcross.bind(null, memory),
    topK: topK.bind(null, memory),
    temper: temper.bind(null, memory),
    softcap: softcap.bind(null, memory),
    softcapBackward: softcapBackward.bind(null, memory),
    softmaxCrossEntropy: softmaxCrossEntropy.bind(null, memory),
    softmaxCrossEntropyAcross: softmaxCrossEntropyAcross.bind(null, memory),
    labelLoss: labelLoss.bind(null, memory),
    softmaxCrossEntropyGeneral: softmaxCrossEntropyGeneral.bind(null, memory),
    accumulateDense: accumulateDense.bind(null, memory),
    generalLoss: generalLoss.bind(null, memory),
    generalApply: generalApply.bind(null, memory),
    labelGradient: labelGradient.bind(null, memory),
    logSumExpOf: logSumExpOf.bind(null, memory),
    smoothTargets: smoothTargets.bind(null, memory),
    softmaxKlDivergence: softmaxKlDivergence.bind(null, memory),
    klAccumulate: klAccumulate.bind(null, memory),
    klApply: klApply.bind(null, memory),
    klLoss: klLoss.bind(null, memory),
    sigmoid: sigmoid.bind(null, memory),
    logSigmoid: logSigmoid.bind(null, memory),
    softplus: softplus.bind(null, memory),
    logit: logit.bind(null, memory),
    sigmoidCrossEntropy: sigmoidCrossEntropy.bind(null, memory),
    sigmoidCrossEntropyGeneral: sigmoidCrossEntropyGeneral.bind(null, memory),
    sigmoidFocalLoss: sigmoidFocalLoss.bind(null, memory),
    entropy: entropy.bind(null, memory),
    crossEntropy: crossEntropy.bind(null, memory),
    klDivergence: klDivergence.bind(null, memory),
    jensenShannon: jensenShannon.bind(null, memory),
    binaryCrossEntropy: binaryCrossEntropy.bind(null, memory),
    transpose: transpose.bind(null, memory),
    linearBegin: linearBegin.bind(null, memory),
    linearMaxima: linearMaxima.bind(null, memory),
    linearForward: linearForward.bind(null, memory),
    linearFinish: linearFinish.bind(null, memory),
    linearBackward: linearBackward.bind(null, memory),
    linearSigmoid: linearSigmoid.bind(null, memory),
    packRows: packRows.bind(null, memory),
    packColumns: packColumns.bind(null, memory),
    packGradient: packGradient.bind(null, memory),
    product: product.bind(null, memory),
    productSums: productSums.bind(null, memory),
    storeSums: storeSums.bind(null, memory),
  };
  return { backend: "js", kernels: kernels satisfies Kernels, memory };
}
