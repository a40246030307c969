import { PANEL } from "../backend/backend.js";
import type { Floats } from "../batch.js";
import { eachPart } from "../columns.js";
import type { Context } from "../context.js";
import type { Scratch } from "../scratch.js";
import { viewOf } from "../weights.js";
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
      if (products.count > 0) handFeaturesOver();
      products.position += products.count;
      const { position } = products;
      const count = Math.min(group, positions - position);
      products.count = count;
      if (count === 0) {
        if (position > 0) handSumsOver();
        // With no position there is no group, and the gradients to weights and bias are 0.
        else if (!accumulate) for (const out of [toWeights, toBias]) if (out) viewOf(out, arena).fill(0);
        return false;
      }
      if (position === 0) {
        zero(weightSums, sumsOf(size));
        zero(biasSums, padded(allClasses, 4));
      }
      lying = read(features, position * depth, count * depth, stagedFeatures);
      kernels.packRows(lying, depth * 4, rows, count, depth, 4);
      if (columns) kernels.packColumns(lying, depth * 4, columns, count, depth, 8);
      zero(sums, padded(count, 4) * padded(depth, 8));
      return true;
    },
    logits(column, cols, to, stride, first = 0) {
      eachPart(cols, classes, (at, n) => tileLogits(column + at, n, to + at * 4, stride, first));
    },
    addGradient(g, stride, column, cols) {
      eachPart(cols, classes, (at, n) => addTile(g + at * 4, stride, column + at, n));
    },
  };
  return products;

  function zero(at: number, count: number): void {
    if (at) arena.f64.fill(0, at >>> 3, (at >>> 3) + count);
  }

  function tileLogits(column: number, n: number, to: number, stride: number, first: number): void {
    if (packed !== column) kernels.packRows(stageWeights(column, n), depth * 4, weightRows, n, depth, 8);
    packed = column;
    const start = bias ? read(bias, column, n, stagedBias) : 0;
    const a = rows + first * depth * 4;
    const m = products.count - first;
    kernels.product(a, weightRows, PANEL, to + first * stride, stride, m, n, depth, start, false, corner);
  }

  function addTile(g: number, stride: number, column: number, n: number): void {
    const { count } = products;
    kernels.packGradient(g, stride, gradientRows, n * 16, gradientColumns, biasSums && biasSums + column * 8, count, n);
    // First the weights: where the features are copied to is where their gradient comes by.
    if (toWeights) addToWeights(toWeights, column, n);
    if (toFeatures) addToFeatures(toFeatures, column, n);
  }

  function addToFeatures(out: Floats, column: number, n: number): void {
    const { position, count } = products;
    kernels.packColumns(stageWeights(column, n), depth * 4, weightColumns, n, depth, 8);
    if (sums) {
      kernels.productSums(gradientRows, weightColumns, sums, count, depth, n);
      return;
    }
    write(out, position, count, stagedFeatures, accumulate, (to) => {
      kernels.product(gradientRows, weightColumns, PANEL, to, depth * 4, count, depth, n, 0, accumulate, corner);
    });
  }

  function addToWeights(out: Floats, column: number, n: number): void {
    const { position, count } = products;
    if (weightSums) {
      kernels.productSums(gradientColumns, columns, weightSumsAt(column), n, depth, count);
      return;
    }
    const add = accumulate || position > 0;
    write(out, column, n, stagedResult, add, (to) => {
      const [b, step] = columns ? [columns, PANEL] : [lying, depth * 4];
      kernels.product(gradientColumns, b, step, to, depth * 4, n, depth, count, 0, add, corner);
    });
  }

  function weightSumsAt(column: number): number {
    return weightSums + column * padded(depth, 8) * 8;
  }

  /** Has rows of a gradient computed where they belong, or at `stage` and copied. `add`: to what stands there. */
  function write(
    out: Floats,
    row: number,
    n: number,
    stage: number,
    add: boolean,
    compute: (to: number) => void,
  ): void {
    const from = row * depth;
    const to = out.array ? stage : out.pointer + from * 4;
    if (out.array && add) work.copyIn(out.array, from, n * depth, to);
    compute(to);
    if (out.array) work.copyOut(to, n * depth, out.array, from);
  }

  /** The group's gradient to the features. */
  function handFeaturesOver(): void {
    const { position, count } = products;
    if (!toFeatures || !sums) return;
    write(toFeatures, position, count, stagedFeatures, accumulate, (to) => {
      kernels.storeSums(sums, to, depth * 4, count, depth, accumulate);
    });
  }

  /** The sums over all groups. */
  function handSumsOver(): void {
    if (toWeights && weightSums) {
      eachPart(allClasses, classes, (column, n) => {
        write(toWeights, column, n, stagedResult, accumulate, (to) => {
          kernels.storeSums(weightSumsAt(column), to, depth * 4, n, depth, accumulate);
        });
      });
    }
    if (toBias) {
      const to = viewOf(toBias, arena);
      for (let i = 0; i < allClasses; i++) to[i] = arena.f64[(biasSums >>> 3) + i] + (accumulate ? to[i] : 0);
    }
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
