// The limit: an operation can't be faster than the passes it can't do without, each alone over a buffer that stays in the
// first cache. assembly/bench.ts has them; they are timed in the same rounds as the operation.

import type { Backend } from "xentropy";

export type Pass = "max" | "exp" | "scale" | "combine" | "dot" | "divide" | "log" | "log1p";

/** Floats of a buffer: three of them fit the first cache. */
const FLOATS = 2048;

interface Kernels {
  heapBase(): number;
  maxPass(x: number, n: number): number;
  expPass(x: number, out: number, n: number): void;
  scalePass(x: number, out: number, n: number, factor: number): void;
  combinePass(x: number, y: number, out: number, n: number): void;
  dotPass(x: number, y: number, n: number): number;
  dividePass(x: number, out: number, n: number): void;
  logPass(x: number, out: number, e: number, n: number): void;
  log1pPass(x: number, out: number, n: number): void;
}

/** The passes of one binary: a call walks over `Limit.floats` elements. */
export class Limit {
  static readonly floats = FLOATS;
  readonly backend: Backend;
  readonly #calls: Record<Pass, () => number>;

  constructor(backend: Backend, module: WebAssembly.Module) {
    this.backend = backend;
    const memory = new WebAssembly.Memory({ initial: 2 });
    const kernels = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Kernels;
    const x = Math.ceil(kernels.heapBase() / 64) * 64;
    const y = x + FLOATS * 4;
    const out = y + FLOATS * 4;
    const scratch = out + FLOATS * 4;
    const inside = new Float32Array(memory.buffer, x, 3 * FLOATS);
    for (let i = 0; i < inside.length; i++) inside[i] = 0.5 + i / inside.length;
    const done = (call: () => void) => () => {
      call();
      return 0;
    };
    this.#calls = {
      max: () => kernels.maxPass(x, FLOATS),
      exp: done(() => kernels.expPass(x, out, FLOATS)),
      scale: done(() => kernels.scalePass(x, out, FLOATS, 0.5)),
      combine: done(() => kernels.combinePass(x, y, out, FLOATS)),
      dot: () => kernels.dotPass(x, y, FLOATS),
      divide: done(() => kernels.dividePass(x, out, FLOATS)),
      log: done(() => kernels.logPass(x, out, scratch, FLOATS)),
      log1p: done(() => kernels.log1pPass(x, out, FLOATS)),
    };
  }

  call(pass: Pass): () => number {
    return this.#calls[pass];
  }
}
