/**
 * The kernels by name. Each works on linear memory by byte address; its formula, and what its operands may share, stands
 * with it in assembly/, in the file named here. Words that come again and again:
 *
 * - x, out, grad: addresses of float32 operands and results; grad 0: no gradient is wanted
 * - n, rows, cols: how many elements, rows and columns; rows lie side by side
 * - classes, width, stride: for kernels across positions: classes of each, positions side by side, floats between two classes
 * - labels, losses, scales, sums: an int32 or float64 a row; scales multiply gradients, 0 where `scale` holds for all rows
 * - state, maxima: what is known of a row so far (assembly/row.ts), and the largest element of each of its blocks
 * - e, parts, records, strip: scratch memory, whose size stands with the kernel; `e` holds exponentials
 * - …Apply: the second pass over a row, whose state is finished
 */
export interface Kernels {
  /** The first byte that the caller may use. */
  heapBase(): number;

  // softmax.ts, log-sum-exp.ts
  softmax(x: number, out: number, rows: number, cols: number, state: number, maxima: number): void;
  softmaxApply(state: number, maxima: number, out: number, n: number, factor: number): void;
  logSoftmax(x: number, out: number, rows: number, cols: number, state: number, e: number): void;
  logSoftmaxApply(state: number, x: number, out: number, n: number): void;
  logSumExp(x: number, out: number, rows: number, cols: number, state: number, e: number): void;

  // across.ts: along an axis that isn't the last
  softmaxAcross: Across;
  logSoftmaxAcross: Across;
  logSumExpAcross: Across;

  // row.ts: the parts of the row kernels, for rows that are taken in column tiles
  begin(state: number): void;
  accumulate(state: number, maxima: number, x: number, out: number, n: number, split: boolean): void;
  accumulateSums(state: number, x: number, e: number, n: number): void;
  finish(state: number): void;
  combine(a: number, b: number): void;

  // backward.ts
  softmaxBackward(p: number, dp: number, out: number, rows: number, cols: number): void;
  softmaxBackwardApply(p: number, dp: number, out: number, n: number, s: number): void;
  dot(a: number, b: number, n: number, start: number): number;
  logSoftmaxBackward(lp: number, dlp: number, out: number, rows: number, cols: number): void;
  logSoftmaxBackwardApply(lp: number, dlp: number, out: number, n: number, s: number): void;
  /** math/sum.ts */
  sum(x: number, n: number, start: number): number;

  // argmax.ts, top-k.ts
  argmax(x: number, out: number, rows: number, cols: number): void;
  argmaxAcross(x: number, out: number, classes: number, width: number, stride: number): void;
  topK(x: number, values: number, indices: number, rows: number, cols: number, k: number): void;

  // logits.ts
  temper(x: number, out: number, n: number, temperature: number): void;
  softcap(x: number, out: number, n: number, cap: number): void;
  softcapBackward(x: number, grad: number, n: number, cap: number): void;

  // cross-entropy.ts
  softmaxCrossEntropy(
    x: number,
    grad: number,
    labels: number,
    scales: number,
    scale: number,
    losses: number,
    rows: number,
    cols: number,
    state: number,
    maxima: number,
    e: number,
  ): void;
  softmaxCrossEntropyAcross(
    x: number,
    grad: number,
    labels: number,
    scales: number,
    scale: number,
    losses: number,
    classes: number,
    width: number,
    stride: number,
    records: number,
    strip: number,
  ): void;
  labelLoss(state: number, xLabel: number): number;

  // cross-entropy-general.ts
  softmaxCrossEntropyGeneral(
    x: number,
    base: number,
    baseStep: number,
    labels: number,
    spikes: number,
    scales: number,
    zLoss: number,
    grad: number,
    losses: number,
    lses: number,
    rows: number,
    cols: number,
    state: number,
    maxima: number,
    e: number,
  ): void;
  accumulateDense(state: number, maxima: number, x: number, t: number, out: number, keep: boolean, n: number): void;
  generalLoss(state: number, xLabel: number, spike: number, zLoss: number, lse: number): number;
  generalApply(
    state: number,
    maxima: number,
    base: number,
    grad: number,
    n: number,
    spike: number,
    zLoss: number,
    lse: number,
    factor: number,
  ): void;
  labelGradient(
    state: number,
    xLabel: number,
    stored: number,
    max: number,
    base: number,
    spike: number,
    zLoss: number,
    lse: number,
  ): number;
  logSumExpOf(state: number, most: number): number;

  // targets.ts
  smoothTargets(t: number, out: number, weights: number, rows: number, cols: number, keep: number, add: number): void;

  // distillation.ts
  softmaxKlDivergence(
    x: number,
    y: number,
    grad: number,
    scales: number,
    losses: number,
    rows: number,
    cols: number,
    stateX: number,
    stateY: number,
    e: number,
    room: number,
  ): void;
  klAccumulate(stateX: number, stateY: number, x: number, y: number, e: number, n: number): void;
  klApply(
    stateX: number,
    stateY: number,
    x: number,
    y: number,
    grad: number,
    e: number,
    n: number,
    scale: number,
    sums: number,
  ): void;
  klLoss(sums: number): number;

  // sigmoid.ts
  sigmoid(x: number, out: number, n: number, e: number): void;
  logSigmoid(x: number, out: number, n: number, e: number): void;
  softplus(x: number, out: number, n: number, e: number): void;
  logit(x: number, out: number, n: number, e: number): void;

  // sigmoid-cross-entropy.ts, sigmoid-cross-entropy-general.ts, focal.ts
  sigmoidCrossEntropy(x: number, t: number, grad: number, e: number, n: number, scale: number, start: number): number;
  sigmoidCrossEntropyGeneral(
    x: number,
    t: number,
    u: number,
    pw: number,
    grad: number,
    losses: number,
    e: number,
    n: number,
    smoothing: number,
    scale: number,
    start: number,
  ): number;
  sigmoidFocalLoss(
    x: number,
    t: number,
    grad: number,
    losses: number,
    e: number,
    n: number,
    alpha: number,
    gamma: number,
    scale: number,
    start: number,
  ): number;

  // divergence.ts, jensen-shannon.ts
  entropy(p: number, parts: number, rows: number, cols: number, sums: number): void;
  crossEntropy: Divergence;
  klDivergence: Divergence;
  jensenShannon: Divergence;

  // binary-cross-entropy.ts
  binaryCrossEntropy(
    q: number,
    t: number,
    grad: number,
    losses: number,
    parts: number,
    n: number,
    scale: number,
    unit: number,
    start: number,
  ): number;

  // transpose.ts
  transpose(x: number, xStride: number, out: number, outStride: number, rows: number, cols: number): void;

  // pack.ts, product.ts: matrix products
  packRows(x: number, stride: number, out: number, rows: number, depth: number, width: number): void;
  packColumns(x: number, stride: number, out: number, depth: number, cols: number, width: number): void;
  packGradient(
    x: number,
    stride: number,
    byRows: number,
    step: number,
    byColumns: number,
    sums: number,
    rows: number,
    cols: number,
  ): void;
  product(
    a: number,
    b: number,
    step: number,
    out: number,
    stride: number,
    m: number,
    n: number,
    depth: number,
    start: number,
    add: boolean,
    sums: number,
  ): void;
  productSums(a: number, b: number, sums: number, m: number, n: number, depth: number): void;
  storeSums(sums: number, out: number, stride: number, m: number, n: number, add: boolean): void;

  // linear.ts
  linearBegin(records: number, states: number, count: number): void;
  linearForward(
    z: number,
    base: number,
    baseStep: number,
    records: number,
    states: number,
    maxima: number,
    step: number,
    count: number,
    cols: number,
    column: number,
    findLargest: boolean,
    e: number,
  ): void;
  linearFinish(records: number, states: number, zLoss: number, findLargest: boolean, count: number): void;
  linearMaxima(z: number, maxima: number, step: number, count: number, cols: number): void;
  linearBackward(
    z: number,
    stride: number,
    base: number,
    baseStep: number,
    records: number,
    states: number,
    maxima: number,
    step: number,
    zLoss: number,
    count: number,
    cols: number,
    column: number,
    stored: number,
  ): void;
  linearSigmoid(
    z: number,
    t: number,
    u: number,
    pw: number,
    grad: boolean,
    losses: number,
    sums: number,
    e: number,
    count: number,
    cols: number,
    smoothing: number,
    scale: number,
  ): void;
}

/** What threads need besides, who take a row in parts: the wasm backends have it. */
export interface ThreadKernels extends Kernels {
  append(state: number, part: number): void;
}

/** Kernels that give one sum for each row. */
export type Summing = "entropy" | "crossEntropy" | "klDivergence" | "jensenShannon";

type Divergence = (
  p: number,
  q: number,
  grad: number,
  parts: number,
  rows: number,
  cols: number,
  scale: number,
  sums: number,
) => void;

type Across = (
  x: number,
  out: number,
  classes: number,
  width: number,
  stride: number,
  records: number,
  strip: number,
) => void;
