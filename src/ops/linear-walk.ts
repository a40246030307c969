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
import type { Context } from "../context.js";
import type { Scratch } from "../scratch.js";
import {
  type CrossEntropy,
  givenLabelAt,
  gradientScale,
  labelAt,
  sampleWeight,
  spikeAt,
} from "./cross-entropy-call.js";
import { plainRows, takesPlainKernel } from "./cross-entropy-rows.js";
import type { Layer, LayerGradients } from "./linear-layer.js";
import { Loan } from "./linear-loan.js";
import { halved, LinearProducts, positionsOf } from "./linear-products.js";
import { LinearTargets } from "./linear-targets.js";

/**
 * One call of linearSoftmaxCrossEntropy, group by group of positions and block by block of classes.
 *
 * The loss takes the classes in blocks of 2048, whose logits enter their rows' sums; the gradient takes them a second
 * time, in the tiles of the products. Where the logits of 64 positions and more fit what may be kept (below) they are
 * kept in between, for so many positions at a time. Measured: with fewer, what weights and their gradient cost when they
 * come by again is more than the product that it saves. Otherwise logits are lent to the gradient of the weights
 * (linear-loan.ts), and those that don't fit there are computed again.
 */
export class LinearWalk {
  readonly #context: Context;
  readonly #call: CrossEntropy;
  readonly #gradients: LayerGradients;
  readonly #products: LinearProducts;
  readonly #targets: LinearTargets;
  readonly #classes: number;
  readonly #blocks: number;
  /** Whether all logits of a group stay in memory. */
  readonly #kept: boolean;
  /** Whether they are computed row by row, not block by block: where softmaxCrossEntropy has kernels for all that is asked for. */
  readonly #whole: boolean;
  /** Where some of the logits are that don't stay. */
  readonly #loan: Loan;
  /** Whether exponentials are kept or lent in place of the logits: they are if nobody asks for those again. */
  readonly #storing: boolean;
  /** Whether the largest logit of each row is wanted. */
  readonly #wantsLargest: boolean;
  /** Addresses: logits, new ones where softcap or temperature makes them, and what rows leave for the gradient. */
  readonly #logits: number;
  readonly #changed: number;
  readonly #states: number;
  readonly #rows: number;
  readonly #maxima: number;

  constructor(context: Context, call: CrossEntropy, layer: Layer, gradients: LayerGradients, scratch: Scratch) {
    const { classes, positions } = layer;
    this.#context = context;
    this.#call = call;
    this.#gradients = gradients;
    const most = positionsOf(layer.depth);
    const floats = Math.max(KEPT_FLOATS, KEPT_MORE - 384 * layer.depth);
    const fitting = halved(most, classes, floats);
    this.#kept = fitting * classes <= floats;
    this.#whole = this.#kept && takesPlainKernel(call) && !call.transform.some;
    this.#products = new LinearProducts(context, layer, gradients, scratch, this.#kept ? fitting : most);
    this.#loan = new Loan(context, gradients, this.#kept ? 0 : layer.depth);
    this.#classes = classes;
    this.#blocks = Math.ceil(classes / BLOCK);
    this.#storing = gradients.results !== undefined && !call.transform.some;
    this.#wantsLargest = call.tops !== undefined || call.hits !== undefined;
    const n = Math.min(positions, this.#products.group);
    const block = Math.min(classes, BLOCK);
    this.#targets = new LinearTargets(context, call, n, block, scratch);
    this.#logits = scratch.take(n * (this.#kept ? classes : block) * 4);
    this.#changed = call.transform.some ? scratch.take(n * block * 4) : 0;
    const room = (bytes: number) => (this.#whole ? 0 : scratch.take(n * bytes));
    this.#states = room(STATE_BYTES);
    this.#rows = room(ROW_RECORD);
    this.#maxima = room(this.#blocks * 4);
  }

  run(): void {
    const products = this.#products;
    while (products.next()) {
      if (this.#whole) {
        this.#wholeRows();
        continue;
      }
      this.#begin();
      for (let column = 0; column < this.#classes; column += BLOCK) this.#forward(column);
      this.#finish();
      if (!this.#gradients.results) continue;
      for (let column = 0; column < this.#classes; column += BLOCK) this.#backward(column);
      products.finish();
    }
  }

  /** A group from its logits to its gradients, with all of each row at once. */
  #wholeRows(): void {
    const products = this.#products;
    const stride = this.#classes * 4;
    const wanted = this.#gradients.results !== undefined;
    this.#tiles((column, n) => products.logits(column, n, this.#logits + column * 4, stride));
    const { position, count } = products;
    plainRows(this.#context, this.#call, position, count, this.#logits, wanted ? this.#logits : 0);
    if (!wanted) return;
    this.#tiles((column, n) => products.addGradient(this.#logits + column * 4, stride, column, n));
    products.finish();
  }

  /** Calls `visit` with the first class and the number of classes of each tile. */
  #tiles(visit: (column: number, n: number) => void): void {
    const { classes } = this.#products;
    for (let at = 0; at < this.#classes; at += classes) visit(at, Math.min(classes, this.#classes - at));
  }

  /** What each row's label asks for, and an empty sum. */
  #begin(): void {
    const { kernels, arena } = this.#context;
    const { count, position } = this.#products;
    const call = this.#call;
    kernels.linearBegin(this.#rows, this.#states, count);
    const { f64, i32 } = arena;
    for (let i = 0; i < count; i++) {
      const at = this.#rows + i * ROW_RECORD;
      const label = labelAt(call, position + i);
      f64[(at + ROW_SPIKE) >>> 3] = spikeAt(call, label) * call.unit;
      f64[(at + ROW_FACTOR) >>> 3] = gradientScale(call, position + i) / call.unit;
      i32[(at + ROW_LABEL) >>> 2] = label;
    }
  }

  /** A block's logits into the rows' sums. */
  #forward(column: number): void {
    const { kernels, work } = this.#context;
    const { transform } = this.#call;
    const products = this.#products;
    const { count } = products;
    const cols = Math.min(BLOCK, this.#classes - column);
    const logits = this.#logits + (this.#kept ? count * column * 4 : 0);
    for (let at = 0; at < cols; at += products.classes) {
      const n = Math.min(products.classes, cols - at);
      products.logits(column + at, n, logits + at * 4, cols * 4);
    }
    if (transform.some) transform.write(logits, this.#changed, count * cols);
    const base = this.#targets.read(products.position, count, column, cols);
    kernels.linearForward(
      transform.some ? this.#changed : logits,
      base,
      this.#targets.step,
      this.#rows,
      this.#states,
      this.#maxima + (column / BLOCK) * 4,
      this.#blocks * 4,
      count,
      cols,
      column,
      this.#wantsLargest,
      this.#storing ? logits : work.exponentials,
    );
    this.#loan.give(products, column, cols, logits);
  }

  /** The losses of the group, and what else is known of its rows. */
  #finish(): void {
    const { kernels, arena } = this.#context;
    const { count, position } = this.#products;
    const { zLoss, unit, total, tops, hits } = this.#call;
    kernels.linearFinish(this.#rows, this.#states, zLoss * unit, this.#wantsLargest, count);
    const { f64, i32 } = arena;
    for (let i = 0; i < count; i++) {
      const at = this.#rows + i * ROW_RECORD;
      total.add(position + i, sampleWeight(this.#call, position + i) * (f64[(at + ROW_LOSS) >>> 3] / unit));
      if (tops) tops[position + i] = f64[(at + ROW_LOG_SUM_EXP) >>> 3];
      if (hits && i32[(at + ROW_LARGEST_COLUMN) >>> 2] === givenLabelAt(this.#call, position + i)) hits.count++;
    }
  }

  /** A block's gradient into those of the layer, tile by tile. */
  #backward(block: number): void {
    const products = this.#products;
    const cols = Math.min(BLOCK, this.#classes - block);
    const logits = this.#logits + (this.#kept ? products.count * block * 4 : 0);
    const there = this.#kept ? products.count : this.#loan.takeBack(products, block, cols, logits);
    for (let at = 0; at < cols; at += products.classes) {
      const n = Math.min(products.classes, cols - at);
      if (there < products.count) products.logits(block + at, n, logits + at * 4, cols * 4, there);
      this.#tile(logits + at * 4, cols * 4, block + at, n, there);
    }
  }

  /** The gradient of a tile, of which the rows before `there` have been there all the time. */
  #tile(logits: number, stride: number, column: number, cols: number, there: number): void {
    const { kernels } = this.#context;
    const { transform, zLoss, unit } = this.#call;
    const products = this.#products;
    const { count } = products;
    let g = logits;
    let step = stride;
    if (transform.some) {
      g = this.#changed;
      step = cols * 4;
      for (let i = 0; i < count; i++) transform.write(logits + i * stride, g + i * step, cols);
    }
    const base = this.#targets.read(products.position, count, column, cols);
    kernels.linearBackward(
      g,
      step,
      base,
      this.#targets.step,
      this.#rows,
      this.#states,
      this.#maxima + Math.floor(column / BLOCK) * 4,
      this.#blocks * 4,
      zLoss * unit,
      count,
      cols,
      column,
      this.#storing ? there : 0,
    );
    if (transform.softcap !== undefined) {
      for (let i = 0; i < count; i++) transform.back(logits + i * stride, g + i * step, cols);
    }
    products.addGradient(g, step, column, cols);
  }
}

/** Floats of logits that are kept: 9 MiB less 1.5 KiB a feature, 5 MiB at least. */
const KEPT_FLOATS = 5 * 2 ** 18;
const KEPT_MORE = 9 * 2 ** 18;
