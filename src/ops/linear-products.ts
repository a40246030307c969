import { PANEL } from "../backend/backend.js";
import { type Floats, viewOf } from "../batch.js";
import { eachPart } from "../columns.js";
import type { Context } from "../context.js";
import type { Scratch } from "../scratch.js";
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
 *
 * `group`: positions of a group, if they are to be fewer than would do.
 */
export function linearProducts(
  { kernels, arena, work }: Context,
  { features, weights, bias, positions, depth, classes: allClasses }: Layer,
  { features: toFeatures, weights: toWeights, bias: toBias, accumulate }: LayerGradients,
  scratch: Scratch,
  group = positionsOf(depth),
): LinearProducts {
  const classes = halved(256, depth, TILE_FLOATS);
  const n = Math.min(positions, group);
  const c = Math.min(allClasses, classes);
  const size = { classes: allClasses, depth };
  // Packed operands and staged ones, by address; 0 where there is no need.
  const floats = (wanted: unknown, count: number) => (wanted ? scratch.take(count * 4) : 0);
  const rows = floats(true, padded(n, 4) * depth);
  const weightRows = floats(true, padded(c, 8) * depth);
  const weightColumns = floats(toFeatures, c * padded(depth, 8));
  const gradientRows = floats(toFeatures, padded(n, 4) * c);
  const gradientColumns = floats(toWeights, n * padded(c, 4));
  // Float64 sums of a group's gradient to the features, and of all groups' to weights and bias. A single tile gives whole sums.
  const sums = floats(toFeatures && (allClasses > c || c === 0), 2 * padded(n, 4) * padded(depth, 8));
  const weightSums = floats(toWeights && positions > group && keepsSums(size), 2 * sumsOf(size));
  const columns = floats(toWeights && (weightSums || !needsNoPacking(size)), n * padded(depth, 8));
  const biasSums = floats(toBias, 2 * padded(allClasses, 4));
  const corner = floats(true, 64);
  const stagedBias = floats(bias?.array, c);
  const stagedFeatures = floats(features.array ?? toFeatures?.array, n * depth);
  const stagedWeights = floats(weights.array, c * depth);
  const stagedResult = floats(toWeights?.array, c * depth);
  /** Where the group's features are. */
  let lying = 0;
  /** First class of the tile whose weights are staged, and of the one whose weights are packed for logits. */
  let staged = -1;
  let packed = -1;

  const products: LinearProducts = {
    group,
    classes,
    position: 0,
    count: 0,
    next() {
      const before = products.count;
      if (toFeatures && sums && before) store(toFeatures, products.position, before, stagedFeatures, sums);
      products.position += before;
      const { position } = products;
      const count = Math.min(group, positions - position);
      products.count = count;
      if (count === 0) {
        handOver(position > 0);
        return false;
      }
      const { f64 } = arena;
      if (position === 0) {
        zero(f64, weightSums, sumsOf(size));
        zero(f64, biasSums, padded(allClasses, 4));
      }
      lying = read(features, position * depth, count * depth, stagedFeatures);
      kernels.packRows(lying, depth * 4, rows, count, depth, 4);
      if (columns) kernels.packColumns(lying, depth * 4, columns, count, depth, 8);
      zero(f64, sums, padded(count, 4) * padded(depth, 8));
      return true;
    },
    logits(column, cols, to, stride, first = 0) {
      const a = rows + first * depth * 4;
      const m = products.count - first;
      for (let at = 0; at < cols; at += classes) {
        const from = column + at;
        const n = Math.min(cols - at, classes);
        if (packed !== from) kernels.packRows(stageWeights(from, n), depth * 4, weightRows, n, depth, 8);
        packed = from;
        const start = bias ? read(bias, from, n, stagedBias) : 0;
        const z = to + at * 4 + first * stride;
        kernels.product(a, weightRows, PANEL, z, stride, m, n, depth, start, false, corner);
      }
    },
    addGradient(g, stride, column, cols) {
      for (let at = 0; at < cols; at += classes) {
        const from = column + at;
        const n = Math.min(cols - at, classes);
        const biasAt = biasSums && biasSums + from * 8;
        kernels.packGradient(g + at * 4, stride, gradientRows, n * 16, gradientColumns, biasAt, products.count, n);
        // The weights first: their gradient reads the staged features, which the features' own gradient then overwrites.
        if (toWeights) addToWeights(toWeights, from, n);
        if (toFeatures) addToFeatures(toFeatures, from, n);
      }
    },
  };
  return products;

  /** Takes Gᵀ·X of n classes into the gradient to the weights. */
  function addToWeights(out: Floats, column: number, n: number): void {
    const { position, count } = products;
    if (weightSums) {
      kernels.productSums(gradientColumns, columns, weightSumsAt(column), n, depth, count);
      return;
    }
    const add = accumulate || position > 0;
    const step = columns ? PANEL : depth * 4;
    const to = place(out, column, n, stagedResult, add);
    kernels.product(gradientColumns, columns || lying, step, to, depth * 4, n, depth, count, 0, add, corner);
    handBack(out, column, n, to);
  }

  /** Takes G·W of n classes into the gradient to the group's features. */
  function addToFeatures(out: Floats, column: number, n: number): void {
    const { position, count } = products;
    kernels.packColumns(stageWeights(column, n), depth * 4, weightColumns, n, depth, 8);
    if (sums) {
      kernels.productSums(gradientRows, weightColumns, sums, count, depth, n);
      return;
    }
    const to = place(out, position, count, stagedFeatures, accumulate);
    kernels.product(gradientRows, weightColumns, PANEL, to, depth * 4, count, depth, n, 0, accumulate, corner);
    handBack(out, position, count, to);
  }

  function weightSumsAt(column: number): number {
    return weightSums + column * padded(depth, 8) * 8;
  }

  /** Rounds sums to n rows of a gradient. */
  function store(out: Floats, row: number, n: number, stage: number, from: number): void {
    const to = place(out, row, n, stage, accumulate);
    kernels.storeSums(from, to, depth * 4, n, depth, accumulate);
    handBack(out, row, n, to);
  }

  /** Where n rows of a gradient are computed: where they belong, or at `stage`. `add`: to what stands there. */
  function place(out: Floats, row: number, n: number, stage: number, add: boolean): number {
    return add ? read(out, row * depth, n * depth, stage) : out.array ? stage : out.pointer + row * depth * 4;
  }

  /** Hands rows over that were computed at `from`. */
  function handBack({ array }: Floats, row: number, n: number, from: number): void {
    if (array) work.copyOut(from, n * depth, array, row * depth);
  }

  /** The sums over all groups. With no position there is no group, and the gradients to weights and bias are 0. */
  function handOver(some: boolean): void {
    if (toWeights && weightSums) {
      eachPart(allClasses, classes, (at, n) => store(toWeights, at, n, stagedResult, weightSumsAt(at)));
    }
    if (toBias && some) {
      const { f64, f32 } = arena;
      const to = toBias.array ?? f32;
      const at = toBias.pointer >>> 2;
      for (let i = 0; i < allClasses; i++) to[at + i] = f64[(biasSums >>> 3) + i] + (accumulate ? to[at + i] : 0);
    }
    if (!some && !accumulate) for (const out of [toWeights, toBias]) if (out) viewOf(out, arena).fill(0);
  }

  function stageWeights(column: number, n: number): number {
    if (weights.array && staged === column) return stagedWeights;
    staged = column;
    return read(weights, column * depth, n * depth, stagedWeights);
  }

  /** Where n floats of an operand are: in place, or copied to `stage`. */
  function read({ array, pointer }: Floats, from: number, n: number, stage: number): number {
    if (!array) return pointer + from * 4;
    work.copyIn(array, from, n, stage);
    return stage;
  }
}

/** The group of positions at hand, and what is done with it. */
export interface LinearProducts {
  /** Positions of a full group, and classes of a full tile: multiples of 64, which no dot product is cut within. */
  readonly group: number;
  readonly classes: number;
  /** First position of the group, and how many there are. */
  position: number;
  count: number;
  /** Moves on to the next group of positions; false at the end, when all gradients stand where they belong. */
  next(): boolean;
  /**
   * The group's logits of so many classes from `column` on, to rows `stride` bytes apart; only those from row `first` on, a
   * multiple of 4.
   */
  logits(column: number, cols: number, to: number, stride: number, first?: number): void;
  /** Takes the gradient to such logits, which stands at g, into the gradients of the layer. */
  addGradient(g: number, stride: number, column: number, cols: number): void;
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

function zero(numbers: Float64Array, at: number, count: number): void {
  if (at) numbers.fill(0, at >>> 3, (at >>> 3) + count);
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

/** What the size of a gradient to the weights depends on. */
type Weights = Pick<Layer, "classes" | "depth">;

/** Float64 sums of a gradient to the weights: as many as whole tiles of a product have. */
function sumsOf({ classes, depth }: Weights): number {
  return padded(classes, 4) * padded(depth, 8);
}

/** Whether they are kept over all groups; of others the groups' sums are added in float32. */
export function keepsSums(weights: Weights): boolean {
  return sumsOf(weights) <= MOST_SUMS;
}
