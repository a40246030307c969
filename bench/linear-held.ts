// What a program without linearSoftmaxCrossEntropy would do, by its kernels: a product, softmaxCrossEntropy and two products,
// with all logits in memory. It packs as the fused call does: the gradient to the logits is read once for all three.

import { PANEL, QUADS_BYTES } from "../src/backend/backend.js";
import { needsNoPacking } from "../src/ops/linear-products.js";
import type { LinearProblem, LinearResult } from "./linear-calls.js";
import { Binary, type Size } from "./linear-kernels.js";

/** Classes that the products take at a time. */
const TILE = 256;

export class Held {
  readonly #binary: Binary;
  readonly #size: Size;
  readonly #tile: number;
  /** Whether the gradient of the weights takes the features as they lie, as in the fused call of up to 512 positions. */
  readonly #lying: boolean;
  readonly #at: ReturnType<typeof floatsOf>;
  /** The weights in use, which may be written to. */
  readonly weights: Float32Array;

  constructor(backend: string, { size, features, weights, bias, labels }: LinearProblem) {
    this.#size = size;
    this.#tile = Math.min(size[2], TILE);
    this.#lying = needsNoPacking({ depth: size[1], classes: size[2] });
    const floats = floatsOf(size, this.#tile);
    const bytes = Object.values(floats).reduce((sum, n) => sum + n * 4 + 64, 2 ** 21);
    const binary = new Binary(`dist/${backend}.wasm`, bytes);
    const taken = Object.entries(floats).map(([name, n]) => [name, binary.take(n * 4)]);
    const at = Object.fromEntries(taken) as typeof floats;
    this.weights = binary.floats(at.weights, weights.length);
    this.weights.set(weights);
    binary.floats(at.features, features.length).set(features);
    binary.floats(at.bias, bias.length).set(bias);
    new Int32Array(binary.memory.buffer, at.labels, labels.length).set(labels);
    this.#binary = binary;
    this.#at = at;
  }

  /** Computes the gradients and returns the loss. */
  call(): number {
    const [n, , classes] = this.#size;
    const { labels, logits, losses, state, maxima, exponentials } = this.#at;
    const { memory, kernels } = this.#binary;
    this.#multiply();
    kernels.softmaxCrossEntropy(logits, logits, labels, 0, 1 / n, losses, n, classes, state, maxima, exponentials);
    this.#carryBack();
    return new Float64Array(memory.buffer, losses, n).reduce((sum, loss) => sum + loss, 0) / n;
  }

  result(): LinearResult {
    const [n, depth, classes] = this.#size;
    const { toFeatures, toWeights, toBias } = this.#at;
    const loss = this.call();
    return {
      loss,
      features: this.#binary.floats(toFeatures, n * depth),
      weights: this.#binary.floats(toWeights, classes * depth),
      bias: this.#binary.floats(toBias, classes),
    };
  }

  /** The logits; features stay packed for the gradient of the weights. */
  #multiply(): void {
    const [n, depth, classes] = this.#size;
    const { features, weights, bias, rows, columns, panels, logits, corner } = this.#at;
    const { packRows, packColumns, product } = this.#binary.kernels;
    packRows(features, depth * 4, rows, n, depth, 4);
    if (!this.#lying) packColumns(features, depth * 4, columns, n, depth, 8);
    for (let c = 0; c < classes; c += this.#tile) {
      const count = Math.min(this.#tile, classes - c);
      packRows(weights + c * depth * 4, depth * 4, panels, count, depth, 8);
      product(rows, panels, PANEL, logits + c * 4, classes * 4, n, count, depth, bias + c * 4, false, corner);
    }
  }

  /** From the gradient to the logits, which stands in their place, to the three others. */
  #carryBack(): void {
    const [n, depth, classes] = this.#size;
    const { sums, toFeatures } = this.#at;
    const several = this.#tile < classes;
    if (several) this.#binary.floats(sums, 2 * up(n) * up(depth)).fill(0);
    for (let c = 0; c < classes; c += this.#tile) this.#carryTile(c, Math.min(this.#tile, classes - c), several);
    if (several) this.#binary.kernels.storeSums(sums, toFeatures, depth * 4, n, depth, false);
  }

  #carryTile(c: number, count: number, several: boolean): void {
    const [n, depth, classes] = this.#size;
    const { weights, columns, panels, logits, gradientRows, gradientColumns, biasSums, sums, corner } = this.#at;
    const { toFeatures, toWeights, toBias } = this.#at;
    const { packColumns, packGradient, product, productSums } = this.#binary.kernels;
    const totals = new Float64Array(this.#binary.memory.buffer, biasSums, count).fill(0);
    packGradient(logits + c * 4, classes * 4, gradientRows, count * 16, gradientColumns, biasSums, n, count);
    packColumns(weights + c * depth * 4, depth * 4, panels, count, depth, 8);
    if (several) productSums(gradientRows, panels, sums, n, depth, count);
    else product(gradientRows, panels, PANEL, toFeatures, depth * 4, n, depth, count, 0, false, corner);
    const to = toWeights + c * depth * 4;
    const [b, step] = this.#lying ? [this.#at.features, depth * 4] : [columns, PANEL];
    product(gradientColumns, b, step, to, depth * 4, count, depth, n, 0, false, corner);
    this.#binary.floats(toBias + c * 4, count).set(totals);
  }
}

/** Room for operands, results, and what kernels need for themselves. */
function floatsOf([n, depth, classes]: Size, tile: number) {
  return {
    features: n * depth,
    weights: classes * depth,
    bias: classes,
    labels: n,
    logits: n * classes,
    losses: 2 * n,
    toFeatures: n * depth,
    toWeights: classes * depth,
    toBias: classes,
    rows: up(n) * depth,
    columns: n * up(depth),
    panels: up(tile) * up(depth),
    gradientRows: up(n) * tile,
    gradientColumns: n * up(tile),
    biasSums: 2 * up(tile),
    sums: 2 * up(n) * up(depth),
    corner: 64,
    state: QUADS_BYTES / 4,
    maxima: Math.ceil(classes / 2048),
    exponentials: 2048,
  };
}

function up(size: number): number {
  return Math.ceil(size / 8) * 8;
}
