import { type Kernels, PANEL } from "../backend/backend.js";
import type { Floats } from "../batch.js";
import type { Context } from "../context.js";
import type { Arena } from "../memory.js";
import type { Scratch } from "../scratch.js";
import { viewOf } from "../weights.js";
import type { Workspace } from "../workspace.js";
import type { Layer, LayerGradients } from "./linear-layer.js";

/**
 * The matrix products of a linear layer, a group of positions and a tile of classes at a time. Only what they need is in
 * linear memory: the group's features packed, the tile's weights packed, and the sums of the group's gradient. For a
 * group's logits Z and their gradient G, tile by tile:
 *
 *   Z = X·Wᵀ + b       gradient to X: Σ G·W over the tiles       to W: Gᵀ·X       to b: Σ G over the positions
 *
 * The gradient to X is summed in float64 over all tiles, that to b over all groups, and so is that to W if it is small; of a
 * larger one the groups' sums are added in float32 where it stands. Which it is, and a group's size, depends on D and C
 * alone, so bits depend on shapes alone.
 */
export class LinearProducts {
  readonly #kernels: Kernels;
  readonly #arena: Arena;
  readonly #work: Workspace;
  readonly #layer: Layer;
  readonly #gradients: LayerGradients;
  /** Packed operands and staged ones, by address; 0 where there is no need. */
  readonly #rows: number;
  readonly #columns: number;
  readonly #weightRows: number;
  readonly #weightColumns: number;
  readonly #gradientRows: number;
  readonly #gradientColumns: number;
  /** Float64 sums of a group's gradient to the features, and of all groups' to weights and bias. */
  readonly #sums: number;
  readonly #weightSums: number;
  readonly #biasSums: number;
  readonly #tile: number;
  readonly #bias: number;
  readonly #features: number;
  readonly #weights: number;
  readonly #result: number;
  /** Where the group's features are. */
  #lying = 0;
  /** First class of the tile whose weights are staged, and of the one whose weights are packed for logits. */
  #staged = -1;
  #packed = -1;
  /** First position of the group, and how many there are. */
  position = 0;
  count = 0;
  /** Positions of a full group, and classes of a full tile: multiples of 64, which no dot product is cut within. */
  readonly group: number;
  readonly classes: number;

  /** `group`: positions of a group, if they are to be fewer than would do. */
  constructor(
    { kernels, arena, work }: Context,
    layer: Layer,
    gradients: LayerGradients,
    scratch: Scratch,
    group = positionsOf(layer.depth),
  ) {
    this.#kernels = kernels;
    this.#arena = arena;
    this.#work = work;
    this.#layer = layer;
    this.#gradients = gradients;
    const { depth: d } = layer;
    this.group = group;
    this.classes = halved(256, d, TILE_FLOATS);
    const n = Math.min(layer.positions, this.group);
    const c = Math.min(layer.classes, this.classes);
    const { features, weights, bias } = gradients;
    const floats = (wanted: unknown, size: number) => (wanted ? scratch.take(size * 4) : 0);
    this.#rows = floats(true, padded(n, 4) * d);
    this.#weightRows = floats(true, padded(c, 8) * d);
    this.#weightColumns = floats(features, c * padded(d, 8));
    this.#gradientRows = floats(features, padded(n, 4) * c);
    this.#gradientColumns = floats(weights, n * padded(c, 4));
    // A single tile gives whole sums.
    this.#sums = floats(features && (layer.classes > c || c === 0), 2 * padded(n, 4) * padded(d, 8));
    this.#weightSums = floats(weights && layer.positions > group && keepsSums(layer), 2 * sumsOf(layer));
    this.#columns = floats(weights && (this.#weightSums || !needsNoPacking(layer)), n * padded(d, 8));
    this.#biasSums = floats(bias, 2 * padded(layer.classes, 4));
    this.#tile = floats(true, 64);
    this.#bias = floats(layer.bias?.array, c);
    this.#features = floats(layer.features.array ?? features?.array, n * d);
    this.#weights = floats(layer.weights.array, c * d);
    this.#result = floats(weights?.array, c * d);
  }

  /** Moves on to the next group of positions; false at the end, when all gradients stand where they belong. */
  next(): boolean {
    this.position += this.count;
    this.count = Math.min(this.group, this.#layer.positions - this.position);
    if (this.count === 0) {
      if (this.position === 0) this.#clear();
      else this.#handOver();
      return false;
    }
    const { features, classes, depth } = this.#layer;
    if (this.position === 0) {
      if (this.#weightSums) this.#zero(this.#weightSums, sumsOf(this.#layer));
      if (this.#biasSums) this.#zero(this.#biasSums, padded(classes, 4));
    }
    const x = this.#read(features, this.position * depth, this.count * depth, this.#features);
    this.#lying = x;
    this.#kernels.packRows(x, depth * 4, this.#rows, this.count, depth, 4);
    if (this.#columns) this.#kernels.packColumns(x, depth * 4, this.#columns, this.count, depth, 8);
    if (this.#sums) this.#zero(this.#sums, padded(this.count, 4) * padded(depth, 8));
    return true;
  }

  #zero(sums: number, count: number): void {
    this.#arena.f64.fill(0, sums >>> 3, (sums >>> 3) + count);
  }

  /**
   * The group's logits of n classes from `column` on, to rows `stride` bytes apart; only those from row `first` on, a
   * multiple of 4.
   */
  logits(column: number, n: number, to: number, stride: number, first = 0): void {
    const { bias, depth } = this.#layer;
    if (this.#packed !== column) {
      this.#kernels.packRows(this.#stageWeights(column, n), depth * 4, this.#weightRows, n, depth, 8);
      this.#packed = column;
    }
    const start = bias ? this.#read(bias, column, n, this.#bias) : 0;
    this.#kernels.product(
      this.#rows + first * depth * 4,
      this.#weightRows,
      PANEL,
      to + first * stride,
      stride,
      this.count - first,
      n,
      depth,
      start,
      false,
      this.#tile,
    );
  }

  /** Takes the gradient to those logits, which stands at g, into the gradients of the layer. */
  addGradient(g: number, stride: number, column: number, n: number): void {
    const { features, weights } = this.#gradients;
    const sums = this.#biasSums && this.#biasSums + column * 8;
    this.#kernels.packGradient(g, stride, this.#gradientRows, n * 16, this.#gradientColumns, sums, this.count, n);
    // First the weights: where the features are copied to is where their gradient comes by.
    if (weights) this.#addToWeights(weights, column, n);
    if (features) this.#addToFeatures(features, column, n);
  }

  #addToFeatures(out: Floats, column: number, n: number): void {
    const { depth } = this.#layer;
    const kernels = this.#kernels;
    kernels.packColumns(this.#stageWeights(column, n), depth * 4, this.#weightColumns, n, depth, 8);
    if (this.#sums) {
      kernels.productSums(this.#gradientRows, this.#weightColumns, this.#sums, this.count, depth, n);
      return;
    }
    const { accumulate } = this.#gradients;
    this.#write(out, this.position, this.count, this.#features, accumulate, (to) => {
      const b = this.#weightColumns;
      kernels.product(this.#gradientRows, b, PANEL, to, depth * 4, this.count, depth, n, 0, accumulate, this.#tile);
    });
  }

  #addToWeights(out: Floats, column: number, n: number): void {
    const { depth } = this.#layer;
    const kernels = this.#kernels;
    const a = this.#gradientColumns;
    if (this.#weightSums) {
      kernels.productSums(a, this.#columns, this.#weightSumsAt(column), n, depth, this.count);
      return;
    }
    const add = this.#gradients.accumulate || this.position > 0;
    this.#write(out, column, n, this.#result, add, (to) => {
      const [b, step] = this.#columns ? [this.#columns, PANEL] : [this.#lying, depth * 4];
      kernels.product(a, b, step, to, depth * 4, n, depth, this.count, 0, add, this.#tile);
    });
  }

  #weightSumsAt(column: number): number {
    return this.#weightSums + column * padded(this.#layer.depth, 8) * 8;
  }

  /** Has rows of a gradient written where they belong, or to `stage` and copied. `add`: to what stands there. */
  #write(out: Floats, row: number, rows: number, stage: number, add: boolean, write: (to: number) => void): void {
    const { depth } = this.#layer;
    const from = row * depth;
    const to = out.array ? stage : out.pointer + from * 4;
    if (out.array && add) this.#work.copyIn(out.array, from, rows * depth, to);
    write(to);
    if (out.array) this.#work.copyOut(to, rows * depth, out.array, from);
  }

  /** Hands over the sums over all groups. */
  #handOver(): void {
    const { weights, bias, accumulate } = this.#gradients;
    const { classes, depth } = this.#layer;
    if (weights && this.#weightSums) {
      for (let at = 0; at < classes; at += this.classes) {
        const n = Math.min(this.classes, classes - at);
        this.#write(weights, at, n, this.#result, accumulate, (to) => {
          this.#kernels.storeSums(this.#weightSumsAt(at), to, depth * 4, n, depth, accumulate);
        });
      }
    }
    if (bias) {
      const sums = this.#biasSums >>> 3;
      const to = viewOf(bias, this.#arena);
      for (let c = 0; c < classes; c++) to[c] = this.#arena.f64[sums + c] + (accumulate ? to[c] : 0);
    }
  }

  /** With no position there is no group, and the gradients to weights and bias are 0. */
  #clear(): void {
    const { weights, bias, accumulate } = this.#gradients;
    if (!accumulate) for (const out of [weights, bias]) if (out) viewOf(out, this.#arena).fill(0);
  }

  /** Hands over the group's gradient to the features. */
  finish(): void {
    const { features: out, accumulate } = this.#gradients;
    if (!out || !this.#sums) return;
    const { depth } = this.#layer;
    this.#write(out, this.position, this.count, this.#features, accumulate, (to) => {
      this.#kernels.storeSums(this.#sums, to, depth * 4, this.count, depth, accumulate);
    });
  }

  #stageWeights(column: number, n: number): number {
    const { weights, depth } = this.#layer;
    if (!weights.array) return weights.pointer + column * depth * 4;
    if (this.#staged !== column) this.#work.copyIn(weights.array, column * depth, n * depth, this.#weights);
    this.#staged = column;
    return this.#weights;
  }

  /** Where n floats of an operand are: in place, or copied to `stage`. */
  #read({ array, pointer }: Floats, from: number, n: number, stage: number): number {
    if (!array) return pointer + from * 4;
    this.#work.copyIn(array, from, n, stage);
    return stage;
  }
}

/** Floats of a group's features, and of a tile's weights, where D allows: 1 MiB and ½ MiB. */
const GROUP_FLOATS = 2 ** 18;
const TILE_FLOATS = 2 ** 17;

/** Classes up to which the features aren't packed for the gradient of the weights: so few take less time than packing. */
const FEW = 16;

/** Positions of a group, by the number of features. */
export function positionsOf(depth: number): number {
  return halved(512, depth, GROUP_FLOATS);
}

/** `most` rows of so many floats, or half as many and so on until they fit; 64 at least. So every group is a part of 512. */
export function halved(most: number, depth: number, floats: number): number {
  let rows = most;
  while (rows > 64 && rows * depth > floats) rows /= 2;
  return rows;
}

function padded(n: number, to: number): number {
  return Math.ceil(n / to) * to;
}

/** Float64 sums of a gradient to the weights that are kept over all groups, at most: 1 MiB. */
const MOST_SUMS = 2 ** 17;

/** Whether the gradient of the weights, of one group of positions, takes the features as they lie. */
export function needsNoPacking({ classes, depth }: Weights): boolean {
  return classes <= FEW && depth % 8 === 0;
}

/** What says how large a gradient to the weights is. */
type Weights = Pick<Layer, "classes" | "depth">;

/** Those of a layer, in whole tiles of a product. */
function sumsOf({ classes, depth }: Weights): number {
  return padded(classes, 4) * padded(depth, 8);
}

/** Whether they are kept over all groups; of others the groups' sums are added in float32. */
export function keepsSums(weights: Weights): boolean {
  return sumsOf(weights) <= MOST_SUMS;
}
