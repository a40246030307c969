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
import { halved, type LinearProducts, linearProducts, positionsOf } from "./linear-products.js";

/**
 * One call of linearSoftmaxCrossEntropy, group by group of positions: takes its memory, and gives what does the work.
 *
 * Where the logits of 64 positions and more fit what may be kept (below) they are kept between loss and gradient, for so many
 * positions at a time. Measured: with fewer, what weights and their gradient cost when they come by again is more than the
 * product that it saves.
 */
export function linearWalk(
  context: Context,
  call: CrossEntropy,
  layer: Layer,
  gradients: LayerGradients,
  scratch: Scratch,
): () => void {
  const { classes, depth } = layer;
  const most = positionsOf(depth);
  const floats = Math.max(KEPT_FLOATS, KEPT_MORE - 384 * depth);
  const fitting = halved(most, classes, floats);
  const kept = fitting * classes <= floats;
  const products = linearProducts(context, layer, gradients, scratch, kept ? fitting : most);
  // Row by row, not block by block, where softmaxCrossEntropy has kernels for all that is asked for.
  const whole = kept && takesPlainKernel(call) && !call.transform.active;
  return (whole ? byRows : byBlocks)(context, call, layer, gradients, products, scratch, kept);
}

/** Floats of logits that are kept: 9 MiB less 1.5 KiB a feature, 5 MiB at least. */
const KEPT_FLOATS = 5 * 2 ** 18;
const KEPT_MORE = 9 * 2 ** 18;

/** Groups from their logits to their gradients, with all of each row at once. */
function byRows(
  context: Context,
  call: CrossEntropy,
  { classes, positions }: Layer,
  { results }: LayerGradients,
  products: LinearProducts,
  scratch: Scratch,
): () => void {
  const logits = scratch.take(Math.min(positions, products.group) * classes * 4);
  return () => {
    while (products.next()) {
      products.logits(0, classes, logits, classes * 4);
      plainRows(context, call, products.position, products.count, logits, results ? logits : 0);
      if (results) products.addGradient(logits, classes * 4, 0, classes);
    }
  };
}

/**
 * Block by block of classes. The loss takes them in blocks of 2048, whose logits enter their rows' sums; the gradient takes
 * them a second time, in the tiles of the products. Logits that aren't `kept` are lent to the gradient of the weights
 * (linear-loan.ts), and those that don't fit there are computed again.
 */
function byBlocks(
  context: Context,
  call: CrossEntropy,
  { classes, positions, depth }: Layer,
  gradients: LayerGradients,
  products: LinearProducts,
  scratch: Scratch,
  kept: boolean,
): () => void {
  const { kernels, arena, work } = context;
  const { targets, smoothing, transform, unit, total, lses, hits } = call;
  const zLoss = call.zLoss * unit;
  const wanted = gradients.results !== undefined;
  /** Where some of the logits are that don't stay. */
  const loan = kept ? undefined : logitsLent(context, gradients, depth, products);
  /** Whether exponentials are kept or lent in place of the logits: they are if nobody asks for those again. */
  const storing = wanted && !transform.active;
  const wantsLargest = lses !== undefined || hits !== undefined;
  const blocks = Math.ceil(classes / BLOCK);
  const block = Math.min(classes, BLOCK);
  // Addresses: dense targets, logits, new ones where softcap or temperature makes them, and what rows leave for the gradient.
  const room = (bytes: number) => scratch.take(Math.min(positions, products.group) * bytes);
  /** Whether dense targets are read where they lie. */
  const lying = targets !== undefined && !targets.array && smoothing === 0 && !call.classWeights;
  const dense = targets && !lying ? room(block * 4) : 0;
  const logits = room((kept ? classes : block) * 4);
  const changed = transform.active ? room(block * 4) : 0;
  const states = room(STATE_BYTES);
  const rows = room(ROW_RECORD);
  const maxima = room(blocks * 4);

  return () => {
    while (products.next()) {
      begin();
      eachPart(classes, BLOCK, forward);
      finish();
      if (wanted) eachPart(classes, BLOCK, backward);
    }
  };

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
    if (transform.active) transform.write(z, changed, count * cols);
    kernels.linearForward(
      transform.active ? changed : z,
      targetsOf(column, cols),
      targetStep(cols),
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
      if (lses) lses[position + i] = f64[(at + ROW_LOG_SUM_EXP) >>> 3];
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
    const g = transform.active ? changed : z;
    const step = transform.active ? cols * 4 : stride;
    if (transform.active) for (let i = 0; i < count; i++) transform.write(z + i * stride, g + i * step, cols);
    const base = targetsOf(column, cols);
    const baseStep = targetStep(cols);
    const first = maxima + Math.floor(column / BLOCK) * 4;
    const stored = storing ? there : 0;
    // biome-ignore format: in the groups of the kernel's contract
    kernels.linearBackward(g, step, base, baseStep, rows, states, first, blocks * 4, zLoss, count, cols, column, stored);
    if (transform.softcap !== undefined)
      for (let i = 0; i < count; i++) transform.back(z + i * stride, g + i * step, cols);
    products.addGradient(g, step, column, cols);
  }

  /** The address of the part of a tile's targets that doesn't come from labels; 0 for none. */
  function targetsOf(column: number, cols: number): number {
    if (!targets) return baseOf(context, call, 0, column, 1, cols);
    const { position, count } = products;
    const start = position * classes + column;
    if (lying) return targets.pointer + start * 4;
    for (let i = 0; i < count; i++) work.bring(targets, start + i * classes, cols, dense + i * cols * 4);
    return baseOf(context, call, dense, column, count, cols, dense);
  }

  /** The bytes from one row of it to the next. */
  function targetStep(cols: number): number {
    return targets ? (lying ? classes : cols) * 4 : 0;
  }
}
