// The kernels by themselves, in a memory of their own: for what a call of the library doesn't show, the speed of the matrix
// products alone, or the same loss with all logits held (linear-held.ts).

import { readFileSync } from "node:fs";
import { PANEL } from "../src/backend/backend.js";
import { ROOT } from "./root.js";

type Kernel = (...args: (number | boolean)[]) => void;

/** A binary of the build, on so many bytes. */
export class Binary {
  readonly memory: WebAssembly.Memory;
  readonly kernels: Record<string, Kernel>;
  #end: number;

  constructor(path: string, bytes: number) {
    this.memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / 65536) + 2, maximum: 65535 });
    const file = readFileSync(new URL(path, ROOT));
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
  const [z, toW] = [n * tile, tile * depth].map((size) => binary.take(size * 4));
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
    product(a, b, PANEL, z, tile * 4, n, tile, depth, 0, false, room);
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
    product(a, x, PANEL, toW, depth * 4, tile, depth, n, 0, false, room);
    return 1;
  };
  return [
    { name: "logits, X·Wᵀ", call: logits, work },
    { name: "gradient to X, G·W", call: toFeatures, work },
    { name: "gradient to W, Gᵀ·X", call: toWeights, work },
  ];
}
