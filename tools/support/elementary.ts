// The functions under test, whatever computes them: a kernel run over a block of floats.

import type { Engine } from "../../src/backend/backend.js";
import type { Kernels } from "../../src/backend/kernels.js";
import type { FloatFunction, Kernel } from "./functions.js";

/** Floats in a block: they stay in cache between being made, computed and judged. */
export const BLOCK = 2 ** 14;

export interface Elementary {
  /** The block's arguments, and the same words as bits. */
  readonly x: Float32Array;
  readonly bits: Uint32Array;
  /** Where results appear, and their bits. */
  readonly out: Float32Array;
  readonly outBits: Uint32Array;
  /** Computes the first n (a multiple of 4) results; `shift` is for the rows' exp alone: 2^shift times the result. */
  run(kernel: Kernel, n: number, shift: number): void;
}

/** `last`: scratch memory, or what says how a result is scaled. */
type Map = (x: number, out: number, n: number, last: number) => void;

/** What assembly/verify.ts exports. */
type Exports = Record<Exclude<Kernel, "sigmoidLoss" | "sigmoidGradient">, Map> &
  Pick<Kernels, "sigmoidCrossEntropy" | "sigmoidCrossEntropyGeneral" | "heapBase">;

const ROUND = 12582912; // 1.5·2^23, as in assembly/math/exp.ts

/** build/verify-simd.wasm or verify-relaxed.wasm. */
export async function openWasm(module: WebAssembly.Module): Promise<Elementary> {
  const memory = new WebAssembly.Memory({ initial: 8 });
  const instance = await WebAssembly.instantiate(module, { env: { memory } });
  const kernels = instance.exports as unknown as Exports;
  const from = Math.ceil(kernels.heapBase() / 64) * 64;
  const to = from + BLOCK * 4;
  const ones = to + BLOCK * 4;
  const scratch = ones + BLOCK * 4;
  new Float32Array(memory.buffer, ones, BLOCK).fill(1);
  return {
    x: new Float32Array(memory.buffer, from, BLOCK),
    bits: new Uint32Array(memory.buffer, from, BLOCK),
    out: new Float32Array(memory.buffer, to, BLOCK),
    outBits: new Uint32Array(memory.buffer, to, BLOCK),
    run(kernel, n, shift) {
      if (kernel === "scaledExpAll") kernels.scaledExpAll(from, to, n, ROUND + 127 + shift);
      else if (kernel === "sigmoidLoss")
        kernels.sigmoidCrossEntropyGeneral(from, ones, 0, 0, 0, to, scratch, n, 0, 1, 0);
      else if (kernel === "sigmoidGradient") kernels.sigmoidCrossEntropy(from, ones, to, scratch, n, 1, 0);
      else kernels[kernel](from, to, n, scratch);
    },
  };
}

/** Functions of one float from the plain TypeScript backend, by kernel. */
export type Scalars = Partial<Record<Kernel, (x: number) => number>>;

/** A kernel of an engine as a function of one float. */
export function scalarOf({ kernels, memory }: Engine, kernel: "sigmoid" | "softplus" | "logSigmoid" | "logit") {
  const at = Math.ceil(kernels.heapBase() / 64) * 64;
  memory.grow(at + 65536);
  const f32 = new Float32Array(memory.buffer, at);
  return (x: number) => {
    f32[0] = x;
    kernels[kernel](at, at + 4, 1, at + 8);
    return f32[1];
  };
}

/** The plain TypeScript backend. */
export function openScalars(scalars: Scalars): Elementary {
  const x = new Float32Array(BLOCK);
  const out = new Float32Array(BLOCK);
  return {
    x,
    bits: new Uint32Array(x.buffer),
    out,
    outBits: new Uint32Array(out.buffer),
    run(kernel, n) {
      const scalar = scalars[kernel];
      if (!scalar) throw new Error(`there is no ${kernel} here`);
      for (let i = 0; i < n; i++) out[i] = scalar(x[i]);
    },
  };
}

/** By how many powers of two a block's results are scaled, so that none is subnormal or overflows. */
export function shiftOf({ kernel }: FloatFunction, x: number): number {
  return kernel === "scaledExpAll" ? -Math.round(x / Math.LN2) : 0;
}
