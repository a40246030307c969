import type { Xentropy } from "../kernels.js";
import * as reference from "../reference/index.js";
import { crossEntropyTruth, distillationTerms } from "./cross-entropy.js";
import { divergenceTerms, jensenShannonTerm, klTerm, timesLog } from "./divergence.js";
import { LAYER_BOUND, linearTruth } from "./linear.js";
import { floatTargets, focalBound, focalTerms, sigmoidTerms } from "./sigmoid.js";
import { logSoftmaxBackwardTerms, logSumExpTerms, nllTerms, softmaxBackwardTerms } from "./softmax.js";
import { type Operation, plain } from "./truth.js";

/** Methods that manage memory: there is nothing to check. */
type Managing = "alloc" | "logSumExpState" | "dispose";

/** Every method that computes has a row: the compiler misses those that don't. */
export type Operations = {
  readonly [K in keyof Xentropy as Xentropy[K] extends (...args: never) => unknown
    ? Exclude<K, Managing>
    : never]: Operation;
};

/** A gradient that is a quotient is rounded once. */
const divergenceBound: Operation["bound"] = (_, output) => (output === "grad" ? 1 : 4);

const sigmoidTruth = floatTargets(plain(reference.sigmoidCrossEntropy, sigmoidTerms));

/** Every operation: its bound, and what its results are compared with. */
export const OPERATIONS: Operations = {
  softmax: { operands: 1, bound: 4, truth: plain(reference.softmax) },
  logSoftmax: { operands: 1, bound: 4, truth: plain(reference.logSoftmax) },
  logSumExp: { operands: 1, bound: 4, truth: plain(reference.logSumExp, logSumExpTerms) },
  softmaxBackward: { operands: 2, bound: 4, truth: plain(reference.softmaxBackward, softmaxBackwardTerms) },
  logSoftmaxBackward: { operands: 2, bound: 4, truth: plain(reference.logSoftmaxBackward, logSoftmaxBackwardTerms) },
  argmax: { operands: 1, bound: 0, truth: plain(reference.argmax) },
  topK: { operands: 2, bound: 0, truth: plain(reference.topK) },
  sigmoid: { operands: 1, bound: 2.5, truth: plain(reference.sigmoid) },
  logSigmoid: { operands: 1, bound: 2, truth: plain(reference.logSigmoid) },
  softplus: { operands: 1, bound: 2, truth: plain(reference.softplus) },
  logit: { operands: 1, bound: 1.5, truth: plain(reference.logit) },
  softmaxCrossEntropy: { operands: 2, bound: 4, truth: crossEntropyTruth },
  linearSoftmaxCrossEntropy: {
    operands: 3,
    bound: LAYER_BOUND,
    truth: (call, k) => linearTruth(call, (logits) => crossEntropyTruth(logits, k)),
  },
  linearSigmoidCrossEntropy: {
    operands: 3,
    bound: LAYER_BOUND,
    truth: (call, k) => linearTruth(call, (logits) => sigmoidTruth(logits, k)),
  },
  nllLoss: { operands: 2, bound: 4, truth: plain(reference.nllLoss, nllTerms) },
  softmaxKlDivergence: { operands: 2, bound: 4, truth: plain(reference.softmaxKlDivergence, distillationTerms) },
  sigmoidCrossEntropy: { operands: 2, bound: 4, truth: sigmoidTruth },
  sigmoidFocalLoss: {
    operands: 2,
    bound: focalBound,
    truth: floatTargets(plain(reference.sigmoidFocalLoss, focalTerms)),
  },
  entropy: { operands: 1, bound: 4, truth: plain(reference.entropy, divergenceTerms(timesLog)) },
  crossEntropy: {
    operands: 2,
    bound: divergenceBound,
    truth: plain(reference.crossEntropy, divergenceTerms(timesLog)),
  },
  klDivergence: {
    operands: 2,
    bound: divergenceBound,
    truth: plain(reference.klDivergence, divergenceTerms(klTerm)),
  },
  jensenShannon: {
    operands: 2,
    bound: (_, output) => (output === "grad" ? 5 : 4),
    truth: plain(reference.jensenShannon, divergenceTerms(jensenShannonTerm)),
  },
  binaryCrossEntropy: {
    operands: 2,
    bound: (_, output) => (output === "grad" ? 2.5 : 4),
    truth: floatTargets(plain(reference.binaryCrossEntropy)),
  },
};
