import type { ElementTargets, FloatBatch, IndexOutput, Labels } from "./batch.js";
import type { FreshFloats, FreshIndices, Only } from "./given.js";
import { Loaded } from "./loaded.js";
import type { StateData } from "./log-sum-exp-data.js";
import { LogSumExpState } from "./log-sum-exp-state.js";
import { backward } from "./ops/backward.js";
import { softmaxCrossEntropy } from "./ops/cross-entropy.js";
import { softmaxKlDivergence } from "./ops/distillation.js";
import { divergence } from "./ops/divergence.js";
import { elementwise } from "./ops/elementwise.js";
import { linearSigmoidCrossEntropy } from "./ops/linear-sigmoid.js";
import { linearSoftmaxCrossEntropy } from "./ops/linear-softmax.js";
import { nllLoss } from "./ops/nll-loss.js";
import { argmax, logSumExp, topK } from "./ops/reductions.js";
import { binaryCrossEntropy, sigmoidCrossEntropy, sigmoidFocalLoss } from "./ops/sigmoid-losses.js";
import { softmax } from "./ops/softmax.js";
import type {
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
  LinearLoss,
  LinearSigmoidCrossEntropyOptions,
  LinearSoftmaxCrossEntropyLoss,
  LinearSoftmaxCrossEntropyOptions,
  LogSoftmaxOptions,
  LogSumExpOptions,
  Loss,
  NllLossOptions,
  Output,
  SigmoidCrossEntropyOptions,
  SigmoidFocalLossOptions,
  SoftmaxCrossEntropyLoss,
  SoftmaxCrossEntropyOptions,
  SoftmaxKlDivergenceOptions,
  SoftmaxOptions,
} from "./options.js";

const NONE = {};

/**
 * The operations, on one backend. Every method is synchronous, checks its arguments before it writes anything, and takes
 * a batch of any size: foreign arrays pass through a fixed workspace a tile at a time, beside which the linear losses take
 * memory for the length of a call; resident ones are used in place.
 *
 * Error bounds are in units in the last place (ULP) of the true float32 result: docs/numerics.md. Every method may throw
 * ShapeError, AxisError, DtypeError, OptionError, OutputError, OverlapError, MemoryError, and FreedError after `dispose` or for
 * a batch; ForeignError for a batch or a state; WorkerLostError with threads. LabelError and WeightError are named where they
 * belong.
 */
export class Xentropy extends Loaded {
  /**
   * softmax(x)_i = exp(x_i − max) / Σ_j exp(x_j − max) along `axis`, of the batch's shape. At most 4 ULP. A row with a NaN,
   * a +Infinity or nothing but −Infinity gives NaN throughout; −Infinity beside finite values gives 0.
   */
  softmax<O extends Output = undefined>(
    x: FloatBatch,
    options: Into<SoftmaxOptions, O> = NONE,
  ): NoInfer<ArrayResult<O>> {
    return softmax(this.context("softmax", x), "softmax", x, options) as ArrayResult<O>;
  }

  /** logSoftmax(x)_i = x_i − log Σ_j exp(x_j), like softmax but without forming it. At most 4 ULP, near 0 too. */
  logSoftmax<O extends Output = undefined>(
    x: FloatBatch,
    options: Into<LogSoftmaxOptions, O> = NONE,
  ): NoInfer<ArrayResult<O>> {
    return softmax(this.context("logSoftmax", x), "logSoftmax", x, options) as ArrayResult<O>;
  }

  /**
   * log Σ_j exp(x_j) along `axis`, or over several axes; those are dropped from the shape. At most 4 ULP of
   * |max| + log Σ exp(x − max). Never overflows; −Infinity for nothing but −Infinity.
   */
  logSumExp<O extends Output = undefined>(
    x: FloatBatch,
    options: Into<LogSumExpOptions, O> = NONE,
  ): NoInfer<ArrayResult<O>> {
    return logSumExp(this.context("logSumExp", x), x, options) as ArrayResult<O>;
  }

  /**
   * log Σ exp of `rows` rows (1) over columns that are added a few at a time, or the state that `toJSON` stored. `start`: the
   * column of the whole rows that the first one added is; without it a merge takes the columns as the next ones. Bit for bit
   * what logSumExp gives where states start at multiples of 2048 columns, and within its bound however columns are cut.
   */
  logSumExpState(rows: number | StateData = 1, options: { start?: number | undefined } = NONE): LogSumExpState {
    return new LogSumExpState(this.context(), rows, options);
  }

  /**
   * The gradient to x, given p = softmax(x) and, in the same shape, the gradient dp to p: p·(dp − Σ dp·p) along `axis`. At most
   * 4 ULP of |p|·(|dp| + Σ |dp·p|). `out` may be either.
   */
  softmaxBackward<O extends Output = undefined>(
    p: FloatBatch,
    dp: FloatBatch,
    options: Into<ArrayOptions, O> = NONE,
  ): NoInfer<ArrayResult<O>> {
    return backward(this.context("softmaxBackward", p), "softmaxBackward", p, dp, options) as ArrayResult<O>;
  }

  /**
   * The gradient to x, given lp = logSoftmax(x), `logProbs`, and the gradient dlp to it, `dLogProbs`: dlp − exp(lp)·Σ dlp
   * along `axis`. At most 4 ULP of |dlp| + exp(lp)·Σ |dlp|. `out` may be either.
   */
  logSoftmaxBackward<O extends Output = undefined>(
    logProbs: FloatBatch,
    dLogProbs: FloatBatch,
    options: Into<ArrayOptions, O> = NONE,
  ): NoInfer<ArrayResult<O>> {
    const context = this.context("logSoftmaxBackward", logProbs);
    return backward(context, "logSoftmaxBackward", logProbs, dLogProbs, options) as ArrayResult<O>;
  }

  /**
   * The index of the largest element along `axis`, the first of ties; a NaN wins. One int32 per position. Without classes
   * there is none: ShapeError. `out` lies apart from x.
   */
  argmax<O extends IndexOutput | undefined = undefined>(
    x: FloatBatch,
    options: Into<ArgmaxOptions, O> = NONE,
  ): NoInfer<ArrayResult<O, FreshIndices>> {
    return argmax(this.context("argmax", x), x, options) as ArrayResult<O, FreshIndices>;
  }

  /**
   * The k largest along `axis` in falling order, ties by index, NaN first: flat arrays of the batch's shape, but that `axis`
   * has length k, an integer from 0 to the number of classes.
   */
  topK(x: FloatBatch, k: number, options: BatchOptions = NONE): { values: FreshFloats; indices: FreshIndices } {
    return topK(this.context("topK", x), x, k, options);
  }

  /** σ(x) = 1 / (1 + exp(−x)), element by element. At most 2.5 ULP for every float32. */
  sigmoid<O extends Output = undefined>(
    x: FloatBatch,
    options: Into<ElementwiseOptions, O> = NONE,
  ): NoInfer<ArrayResult<O>> {
    return elementwise(this.context("sigmoid", x), "sigmoid", x, options) as ArrayResult<O>;
  }

  /** log σ(x), element by element. At most 2 ULP for every float32. */
  logSigmoid<O extends Output = undefined>(
    x: FloatBatch,
    options: Into<ElementwiseOptions, O> = NONE,
  ): NoInfer<ArrayResult<O>> {
    return elementwise(this.context("logSigmoid", x), "logSigmoid", x, options) as ArrayResult<O>;
  }

  /** softplus(x) = log(1 + exp(x)), element by element. At most 2 ULP for every float32. */
  softplus<O extends Output = undefined>(
    x: FloatBatch,
    options: Into<ElementwiseOptions, O> = NONE,
  ): NoInfer<ArrayResult<O>> {
    return elementwise(this.context("softplus", x), "softplus", x, options) as ArrayResult<O>;
  }

  /** logit(p) = log(p / (1 − p)), the inverse of σ; NaN outside [0, 1]. At most 1.5 ULP for every float32. */
  logit<O extends Output = undefined>(
    p: FloatBatch,
    options: Into<ElementwiseOptions, O> = NONE,
  ): NoInfer<ArrayResult<O>> {
    return elementwise(this.context("logit", p), "logit", p, options) as ArrayResult<O>;
  }

  /**
   * Softmax cross-entropy from logits along `axis`, and its gradient in the same pass. At most 4 ULP each; options that
   * multiply add to it: docs/numerics.md.
   *
   * - Labels (integers, one per position): loss log Σ_j exp(x_j) − x_y, gradient p − onehot(y).
   * - Dense targets t (floats, one per logit, any sum): loss −Σ t·logSoftmax(x), gradient p·Σt − t, in units of p·Σ|t| + |t|.
   *
   * "mean" divides by the weight of the positions that count; the gradient is that of the reduced loss, and of the sum
   * for "none". With nothing to average the mean is NaN, the gradient 0. Every combination of options is valid, but for
   * `correct`, and an `ignoreIndex` of 0 or more, with dense targets, and for what `state` excludes: dense targets,
   * `labelSmoothing`, `softcap`, `temperature`, `correct` and `logSumExp`. Throws LabelError and WeightError too.
   */
  softmaxCrossEntropy<const O extends Only<SoftmaxCrossEntropyOptions, O> = object>(
    x: FloatBatch,
    targets: Labels | FloatBatch,
    options: O = NONE as O,
  ): SoftmaxCrossEntropyLoss<O> {
    const context = this.context("softmaxCrossEntropy", x);
    return softmaxCrossEntropy(context, x, targets, options) as SoftmaxCrossEntropyLoss<O>;
  }

  /**
   * Negative log-likelihood of given log-probabilities: −w_y·logProbs_y, reduced as in softmaxCrossEntropy; gradient −w_y
   * at the label. At most 4 ULP. Throws LabelError and WeightError too.
   */
  nllLoss<const O extends Only<NllLossOptions, O> = object>(
    logProbs: FloatBatch,
    labels: Labels,
    options: O = NONE as O,
  ): Loss<O> {
    return nllLoss(this.context("nllLoss", logProbs), logProbs, labels, options) as Loss<O>;
  }

  /**
   * KL divergence from a teacher's softmax to a student's, both from logits, for knowledge distillation (Hinton et al.,
   * arXiv 1503.02531): T²·Σ p·log(p/q) with p = softmax(teacher / T), q = softmax(student / T); gradient T·(q − p) to the
   * student's logits. At most 4 ULP, of Σ p·|log(p/q)| and of p + q. "mean" divides by the number of positions.
   * Throws WeightError too.
   */
  softmaxKlDivergence<const O extends Only<SoftmaxKlDivergenceOptions, O> = object>(
    student: FloatBatch,
    teacher: FloatBatch,
    options: O = NONE as O,
  ): Loss<O> {
    return softmaxKlDivergence(this.context("softmaxKlDivergence", student), student, teacher, options) as Loss<O>;
  }

  /**
   * Sigmoid cross-entropy from logits, element by element, and its gradient in the same pass, for targets t in [0, 1]:
   * loss t·softplus(−x) + (1 − t)·softplus(x), gradient σ(x) − t. At most 4 ULP; the gradient in units of σ + t. "mean"
   * divides by the number of elements, whatever the weights. An infinite logit gives the limit. Throws WeightError too.
   */
  sigmoidCrossEntropy<const O extends Only<SigmoidCrossEntropyOptions, O> = object>(
    x: FloatBatch,
    targets: ElementTargets,
    options: O = NONE as O,
  ): Loss<O> {
    return sigmoidCrossEntropy(this.context("sigmoidCrossEntropy", x), x, targets, options) as Loss<O>;
  }

  /**
   * Sigmoid focal loss (Lin et al., arXiv 1708.02002), element by element: α_t·(1 − p_t)^γ·CE, and its gradient in the
   * same pass. At most 8 ULP for γ in {0, 1, 2, 3, 4}, 10 for 5 and 6. "mean" divides by the number of elements. Throws
   * WeightError too.
   */
  sigmoidFocalLoss<const O extends Only<SigmoidFocalLossOptions, O> = object>(
    x: FloatBatch,
    targets: ElementTargets,
    options: O = NONE as O,
  ): Loss<O> {
    return sigmoidFocalLoss(this.context("sigmoidFocalLoss", x), x, targets, options) as Loss<O>;
  }

  /**
   * Softmax cross-entropy of the logits features·weightsᵀ + bias, with gradients to all three, holding at most 9 MiB of the
   * logits: features [N, D] (or more axes, D last), weights [C, D]. Takes the options of softmaxCrossEntropy; results are
   * those that it gives for logits within 65 ULP of Σ |features·weights| + |bias|. docs/operations.md says what memory a
   * call takes beside inputs and outputs. Throws LabelError and WeightError too.
   */
  linearSoftmaxCrossEntropy<const O extends Only<LinearSoftmaxCrossEntropyOptions, O> = object>(
    features: FloatBatch,
    weights: FloatBatch,
    targets: Labels | FloatBatch,
    options: O = NONE as O,
  ): LinearSoftmaxCrossEntropyLoss<O> {
    const result = linearSoftmaxCrossEntropy(this.context(), features, weights, targets, options);
    return result as LinearSoftmaxCrossEntropyLoss<O>;
  }

  /**
   * Sigmoid cross-entropy of the logits features·weightsᵀ + bias for targets [N, C] in [0, 1], with gradients to all
   * three: as linearSoftmaxCrossEntropy, with the options of sigmoidCrossEntropy. With one class it is logistic
   * regression. Throws WeightError too.
   */
  linearSigmoidCrossEntropy<const O extends Only<LinearSigmoidCrossEntropyOptions, O> = object>(
    features: FloatBatch,
    weights: FloatBatch,
    targets: ElementTargets,
    options: O = NONE as O,
  ): LinearLoss<O> {
    return linearSigmoidCrossEntropy(this.context(), features, weights, targets, options) as LinearLoss<O>;
  }

  /**
   * H(P) = −Σ p·log p along `axis`, in nats by default; 0·log 0 = 0. A negative probability gives NaN. At most 4 ULP of
   * Σ |p·log p|. Returns one value per position, or a number with `reduction` "mean" or "sum"; "mean" divides by the positions.
   */
  entropy<const O extends Only<EntropyOptions, O> = object>(p: FloatBatch, options: O = NONE as O): Divergence<O> {
    return divergence(this.context("entropy", p), "entropy", p, undefined, options) as Divergence<O>;
  }

  /**
   * H(P, Q) = −Σ p·log q along `axis`, +Infinity where P has mass and Q none: at most 4 ULP of Σ |p·log q|. Gradient to q:
   * −p/q, 1 ULP. q has the shape of p. Returns what entropy does, or `{ loss, grad }` with `grad`.
   */
  crossEntropy<const O extends Only<DivergenceOptions, O> = object>(
    p: FloatBatch,
    q: FloatBatch,
    options: O = NONE as O,
  ): Divergence<O> {
    return divergence(this.context("crossEntropy", p), "crossEntropy", p, q, options) as Divergence<O>;
  }

  /**
   * D_KL(P ‖ Q) = Σ p·log(p/q) along `axis`, +Infinity where P has mass and Q none: at most 4 ULP of Σ p·|log(p/q)|. Gradient
   * to q: −p/q, 1 ULP. Shapes and results as in crossEntropy.
   */
  klDivergence<const O extends Only<DivergenceOptions, O> = object>(
    p: FloatBatch,
    q: FloatBatch,
    options: O = NONE as O,
  ): Divergence<O> {
    return divergence(this.context("klDivergence", p), "klDivergence", p, q, options) as Divergence<O>;
  }

  /**
   * ½·D_KL(P ‖ M) + ½·D_KL(Q ‖ M), M = (P + Q)/2, along `axis`: the divergence, not its root. Gradient to q: ½·log(q/m), at
   * most 5 ULP; the divergence at most 4 of the sum of its terms' magnitudes. Shapes and results as in crossEntropy.
   */
  jensenShannon<const O extends Only<DivergenceOptions, O> = object>(
    p: FloatBatch,
    q: FloatBatch,
    options: O = NONE as O,
  ): Divergence<O> {
    return divergence(this.context("jensenShannon", p), "jensenShannon", p, q, options) as Divergence<O>;
  }

  /**
   * −[t·log q + (1 − t)·log(1 − q)] for given probabilities q and targets t in [0, 1], element by element: at most 4 ULP.
   * Gradient to q: (q − t)/(q·(1 − q)), 2.5 ULP. NaN outside [0, 1]. Targets have the shape of q. Returns one value per element
   * by default; otherwise as crossEntropy.
   */
  binaryCrossEntropy<const O extends Only<BinaryCrossEntropyOptions, O> = object>(
    q: FloatBatch,
    targets: ElementTargets,
    options: O = NONE as O,
  ): Divergence<O> {
    return binaryCrossEntropy(this.context("binaryCrossEntropy", q), q, targets, options) as Divergence<O>;
  }
}
