// The kernels by themselves, in a memory of their own: for what a call of the library doesn't show, the speed of the matrix
// products alone, and the same loss with all logits held.

import { readFileSync } from "node:fs";
import { QUADS_BYTES } from "../src/backend/backend.js";

type Kernel = (...args: (number | boolean)[]) => void;

/** A binary of the build, on so many bytes. */
export class Binary {
  readonly memory: WebAssembly.Memory;
  readonly kernels: Record<string, Kernel>;
  #end: number;

  constructor(path: string, bytes: number) {
    this.memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / 65536) + 2, maximum: 65535 });
    const file = readFileSync(new URL(`../../../${path}`, import.meta.url));
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(file), { env: { memory: this.memory } });
    this.kernels = exports as unknown as Record<string, Kernel>;
    this.#end = Math.ceil((exports.heapBase as () => number)() / 64) * 64;
  }

  /** The address of room for so many bytes. */
  take(bytes: number): number {
    const start = this.#end;
    this.#end += Math.ceil(bytes / 64) * 64;
    return start;
  }

  floats(start: number, n: number): Float32Array {
    return new Float32Array(this.memory.buffer, start, n);
  }
}

/** Independent multiply-adds; returns how many a call makes. */
export function peak(backend: string): { call: () => number; work: number } {
  const binary = new Binary(`build/bench-${backend}.wasm`, 2 ** 20);
  const x = binary.take(224);
  binary.floats(x, 56).fill(0.5);
  const turns = 20_000;
  return {
    call: () => {
      binary.kernels.multiplyAdds(x, turns);
      return 1;
    },
    work: turns * 192,
  };
}

/** Positions, features, classes. */
export type Size = readonly [n: number, depth: number, classes: number];

/** The three products of a tile as linearSoftmaxCrossEntropy makes them, packing included. */
export function tileProducts(backend: string): { name: string; call: () => number; work: number }[] {
  const [n, depth, tile] = [128, 256, 128];
  const binary = new Binary(`dist/${backend}.wasm`, 2 ** 24);
  const { packRows, packColumns, product, productSums } = binary.kernels;
  const [x, w, g] = [n * depth, tile * depth, n * tile].map((size) => binary.take(size * 4));
  const [a, b, sums, room] = [n * depth, tile * depth * 2, n * depth * 2, 64].map((size) => binary.take(size * 4));
  for (const [at, size] of [
    [x, n * depth],
    [w, tile * depth],
    [g, n * tile],
  ]) {
    binary.floats(at, size).fill(0.01);
  }
  const work = n * depth * tile;
  const logits = () => {
    packRows(w, depth * 4, b, tile, depth, 8);
    product(a, b, g, tile * 4, n, tile, depth, 0, false, room);
    return 1;
  };
  const toFeatures = () => {
    packColumns(w, depth * 4, b, tile, depth, 8);
    packRows(g, tile * 4, a, n, tile, 4);
    productSums(a, b, sums, n, depth, tile);
    return 1;
  };
  const toWeights = () => {
    packColumns(g, tile * 4, a, n, tile, 4);
    product(a, x, w, depth * 4, tile, depth, n, 0, false, room);
    binary.floats(w, tile * depth).fill(0.01);
    binary.floats(g, n * tile).fill(0.01);
    return 1;
  };
  return [
    { name: "logits, X·Wᵀ", call: logits, work },
    { name: "gradient to X, G·W", call: toFeatures, work },
    { name: "gradient to W, Gᵀ·X", call: toWeights, work },
  ];
}

/** The loss and its gradients with all logits in memory: a product, softmaxCrossEntropy, two products. */
export function unfused(
  backend: string,
  [n, depth, classes]: Size,
  x: Float32Array,
  w: Float32Array,
  b: Float32Array,
  y: Int32Array,
) {
  const tile = Math.min(classes, 256);
  const bytes = 4 * (n * classes + 2 * classes * (depth + 1) + 6 * n * depth + n * tile + 2 * tile * depth) + 2 ** 22;
  const binary = new Binary(`dist/${backend}.wasm`, bytes);
  const { packRows, packColumns, packGradient, product, productSums, storeSums, softmaxCrossEntropy } = binary.kernels;
  const up = (size: number) => Math.ceil(size / 8) * 8;
  const take = (floats: number) => binary.take(floats * 4);
  const [logits, weights, toWeights, features] = [n * classes, classes * depth, classes * depth, n * depth].map(take);
  const [rows, columns, packed, gradient] = [up(n) * depth, n * up(depth), up(tile) * up(depth), up(n) * up(tile)].map(
    take,
  );
  const [sums, room, labels, losses] = [2 * up(n) * up(depth), 64, n, 2 * n].map(take);
  const [bias, toBias, biasSums, toFeatures] = [classes, classes, 2 * up(tile), n * depth].map(take);
  const [state, maxima, e] = [QUADS_BYTES / 4, Math.ceil(classes / 2048), 2048].map(take);
  binary.floats(features, n * depth).set(x);
  binary.floats(weights, classes * depth).set(w);
  binary.floats(bias, classes).set(b);
  new Int32Array(binary.memory.buffer, labels, n).set(y);
  const stride = classes * 4;
  const call = () => {
    packRows(features, depth * 4, rows, n, depth, 4);
    packColumns(features, depth * 4, columns, n, depth, 8);
    for (let c = 0; c < classes; c += tile) {
      const count = Math.min(tile, classes - c);
      packRows(weights + c * depth * 4, depth * 4, packed, count, depth, 8);
      product(rows, packed, logits + c * 4, stride, n, count, depth, bias + c * 4, false, room);
    }
    softmaxCrossEntropy(logits, logits, labels, 0, 1 / n, losses, n, classes, state, maxima, e);
    if (tile < classes) binary.floats(sums, 2 * up(n) * up(depth)).fill(0);
    for (let c = 0; c < classes; c += tile) {
      const count = Math.min(tile, classes - c);
      packColumns(weights + c * depth * 4, depth * 4, packed, count, depth, 8);
      packRows(logits + c * 4, stride, gradient, n, count, 4);
      if (tile === classes) product(gradient, packed, toFeatures, depth * 4, n, depth, count, 0, false, room);
      else productSums(gradient, packed, sums, n, depth, count);
      packColumns(logits + c * 4, stride, gradient, n, count, 4);
      const total = new Float64Array(binary.memory.buffer, biasSums, count).fill(0);
      packGradient(logits + c * 4, stride, 0, 0, 0, biasSums, n, count);
      binary.floats(toBias + c * 4, count).set(total);
      product(gradient, columns, toWeights + c * depth * 4, depth * 4, count, depth, n, 0, false, room);
    }
    if (tile < classes) storeSums(sums, toFeatures, depth * 4, n, depth, false);
    return new Float64Array(binary.memory.buffer, losses, n).reduce((sum, l) => sum + l, 0) / n;
  };
  const result = () => ({
    loss: call(),
    features: binary.floats(toFeatures, n * depth),
    weights: binary.floats(toWeights, classes * depth),
    bias: binary.floats(toBias, classes),
  });
  return { call, result };
}
