import {
  BLOCK,
  ROW_FACTOR,
  ROW_LABEL,
  ROW_LARGEST_COLUMN,
  ROW_LOG_SUM_EXP,
  ROW_LOSS,
  ROW_RECORD,
  ROW_SPIKE,
  STATE_BYTES,
} from "../backend/backend.js";
import { eachPart } from "../columns.js";
import type { Context } from "../context.js";
import type { Scratch } from "../scratch.js";
import {
  baseOf,
  type CrossEntropy,
  givenLabelAt,
  gradientScale,
  labelAt,
  sampleWeight,
  spikeAt,
} from "./cross-entropy-call.js";
import { plainRows, takesPlainKernel } from "./cross-entropy-rows.js";
import type { Layer, LayerGradients } from "./linear-layer.js";
import { logitsLent } from "./linear-loan.js";
import { halved, linearProducts, positionsOf } from "./linear-products.js";

/**
 * One call of linearSoftmaxCrossEntropy, group by group of positions and block by block of classes.
 *
 * The loss takes the classes in blocks of 2048, whose logits enter their rows' sums; the gradient takes them a second
 * time, in the tiles of the products. Where the logits of 64 positions and more fit what may be kept (below) they are
 * kept in between, for so many positions at a time. Measured: with fewer, what weights and their gradient cost when they
 * come by again is more than the product that it saves. Otherwise logits are lent to the gradient of the weights
 * (linear-loan.ts), and those that don't fit there are computed again.
 *
 * Takes its memory, and gives what does the work.
 */
export function linearWalk(
  context: Context,
  call: CrossEntropy,
  layer: Layer,
  gradients: LayerGradients,
  scratch: Scratch,
): () => void {
  const { kernels, arena, work } = context;
  const { classes, positions, depth } = layer;
  const { targets, smoothing, transform, unit, total, tops, hits } = call;
  const zLoss = call.zLoss * unit;
  const wanted = gradients.results !== undefined;
  const most = positionsOf(depth);
  const floats = Math.max(KEPT_FLOATS, KEPT_MORE - 384 * depth);
  const fitting = halved(most, classes, floats);
  /** Whether all logits of a group stay in memory. */
  const kept = fitting * classes <= floats;
  /** Whether they are computed row by row, not block by block: where softmaxCrossEntropy has kernels for all that is asked for. */
  const whole = kept && takesPlainKernel(call) && !transform.some;
  const products = linearProducts(context, layer, gradients, scratch, kept ? fitting : most);
  /** Where some of the logits are that don't stay. */
  const loan = kept ? undefined : logitsLent(context, gradients, depth, products);
  /** Whether exponentials are kept or lent in place of the logits: they are if nobody asks for those again. */
  const storing = wanted && !transform.some;
  const wantsLargest = tops !== undefined || hits !== undefined;
  const blocks = Math.ceil(classes / BLOCK);
  const block = Math.min(classes, BLOCK);
  const n = Math.min(positions, products.group);
  // Addresses: dense targets, logits, new ones where softcap or temperature makes them, and what rows leave for the gradient.
  const room = (bytes: number, needed: unknown = true) => (needed ? scratch.take(n * bytes) : 0);
  const dense = room(block * 4, targets);
  const logits = room((kept ? classes : block) * 4);
  const changed = room(block * 4, transform.some);
  const states = room(STATE_BYTES, !whole);
  const rows = room(ROW_RECORD, !whole);
  const maxima = room(blocks * 4, !whole);

  return () => {
    while (products.next()) {
      if (whole) {
        wholeRows();
        continue;
      }
      begin();
      eachPart(classes, BLOCK, forward);
      finish();
      if (wanted) eachPart(classes, BLOCK, backward);
    }
  };

  /** A group from its logits to its gradients, with all of each row at once. */
  function wholeRows(): void {
    products.logits(0, classes, logits, classes * 4);
    plainRows(context, call, products.position, products.count, logits, wanted ? logits : 0);
    if (wanted) products.addGradient(logits, classes * 4, 0, classes);
  }

  /** What each row's label asks for, and an empty sum. */
  function begin(): void {
    const { count, position } = products;
    kernels.linearBegin(rows, states, count);
    const { f64, i32 } = arena;
    for (let i = 0; i < count; i++) {
      const at = rows + i * ROW_RECORD;
      const label = labelAt(call, position + i);
      f64[(at + ROW_SPIKE) >>> 3] = spikeAt(call, label) * unit;
      f64[(at + ROW_FACTOR) >>> 3] = gradientScale(call, position + i) / unit;
      i32[(at + ROW_LABEL) >>> 2] = label;
    }
  }

  /** Where a block's logits stand. */
  function logitsAt(column: number): number {
    return logits + (kept ? products.count * column * 4 : 0);
  }

  /** A block's logits into the rows' sums. */
  function forward(column: number, cols: number): void {
    const { count } = products;
    const z = logitsAt(column);
    products.logits(column, cols, z, cols * 4);
    if (transform.some) transform.write(z, changed, count * cols);
    const [base, step] = targetsOf(column, cols);
    kernels.linearForward(
      transform.some ? changed : z,
      base,
      step,
      rows,
      states,
      maxima + (column / BLOCK) * 4,
      blocks * 4,
      count,
      cols,
      column,
      wantsLargest,
      storing ? z : work.exponentials,
    );
    loan?.give(column, cols, z);
  }

  /** The losses of the group, and what else is known of its rows. */
  function finish(): void {
    const { count, position } = products;
    kernels.linearFinish(rows, states, zLoss, wantsLargest, count);
    const { f64, i32 } = arena;
    for (let i = 0; i < count; i++) {
      const at = rows + i * ROW_RECORD;
      total.add(position + i, sampleWeight(call, position + i) * (f64[(at + ROW_LOSS) >>> 3] / unit));
      if (tops) tops[position + i] = f64[(at + ROW_LOG_SUM_EXP) >>> 3];
      if (hits && i32[(at + ROW_LARGEST_COLUMN) >>> 2] === givenLabelAt(call, position + i)) hits.count++;
    }
  }

  /** A block's gradient into those of the layer, tile by tile. */
  function backward(column: number, cols: number): void {
    const { count } = products;
    const z = logitsAt(column);
    const there = kept ? count : (loan?.takeBack(column, cols, z) ?? 0);
    eachPart(cols, products.classes, (at, n) => {
      if (there < count) products.logits(column + at, n, z + at * 4, cols * 4, there);
      tileGradient(z + at * 4, cols * 4, column + at, n, there);
    });
  }

  /** The gradient of a tile, of which the rows before `there` have been there all the time. */
  function tileGradient(z: number, stride: number, column: number, cols: number, there: number): void {
    const { count } = products;
    const [g, step] = transform.some ? [changed, cols * 4] : [z, stride];
    if (transform.some) for (let i = 0; i < count; i++) transform.write(z + i * stride, g + i * step, cols);
    const [base, baseStep] = targetsOf(column, cols);
    const first = maxima + Math.floor(column / BLOCK) * 4;
    const stored = storing ? there : 0;
    // biome-ignore format: in the groups of the kernel's contract
    kernels.linearBackward(g, step, base, baseStep, rows, states, first, blocks * 4, zLoss, count, cols, column, stored);
    for (let i = 0; i < count; i++) transform.back(z + i * stride, g + i * step, cols);
    products.addGradient(g, step, column, cols);
  }

  /** The part of a tile's targets that doesn't come from labels, and the bytes from one row of it to the next. */
  function targetsOf(column: number, cols: number): [base: number, step: number] {
    if (!targets) return [baseOf(context, call, 0, column, 1, cols), 0];
    const { position, count } = products;
    const start = position * classes + column;
    if (!targets.array && smoothing === 0 && !call.classWeights) return [targets.pointer + start * 4, classes * 4];
    for (let i = 0; i < count; i++) work.bring(targets, start + i * classes, cols, dense + i * cols * 4);
    return [baseOf(context, call, dense, column, count, cols, dense), cols * 4];
  }
}

/** Floats of logits that are kept: 9 MiB less 1.5 KiB a feature, 5 MiB at least. */
const KEPT_FLOATS = 5 * 2 ** 18;
const KEPT_MORE = 9 * 2 ** 18;
