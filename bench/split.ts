// What the machine itself can do with several threads: the same kernel, each thread on a part of its own that is fixed
// beforehand, and nothing to agree on but start and end. With one processor that another program takes, with memory that
// can't feed two, this is where it shows. Also copies of the same bytes.

import { readFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { QUADS_BYTES } from "../src/backend/backend.js";

export type Work = "softmax" | "softmaxCrossEntropy" | "sigmoid" | "copy";
const WORKS: readonly Work[] = ["softmax", "softmaxCrossEntropy", "sigmoid", "copy"];

// Words of the control memory: the number of the task, what it is, its rows and columns; then for each thread its last task.
const TASK = 0;
const WORK = 1;
const ROWS = 2;
const COLUMNS = 3;
const DONE = 16;

/** Milliseconds that a worker looks for the next task before it sleeps. */
const SPIN = 1;

/** Bytes of what a thread needs for itself, and of labels and losses. */
const SCRATCH = 262_144;
const MOST_ROWS = 4096;

type Kernel = (...values: number[]) => void;

export interface Shared {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly control: SharedArrayBuffer;
  readonly threads: number;
  /** Floats that there is room for. */
  readonly floats: number;
}

/** What one thread does of a task. */
export class Parts {
  readonly #kernels: Record<string, Kernel>;
  readonly #f32: Float32Array;
  readonly #threads: number;
  readonly #base: number;
  readonly #x: number;
  readonly #out: number;

  constructor({ module, memory, threads, floats }: Shared) {
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    this.#kernels = exports as unknown as Record<string, Kernel>;
    this.#f32 = new Float32Array(memory.buffer);
    this.#threads = threads;
    this.#base = Math.ceil((exports.heapBase as () => number)() / 64) * 64;
    this.#x = this.#base + threads * SCRATCH + MOST_ROWS * 12;
    this.#out = this.#x + floats * 4;
  }

  /** The floats that tasks read. */
  input(n: number): Float32Array {
    return this.#f32.subarray(this.#x >>> 2, (this.#x >>> 2) + n);
  }

  run(work: Work, rows: number, columns: number, part: number): void {
    // A single row is cut into rows.
    const [height, width] = rows === 1 ? [this.#threads, columns / this.#threads] : [rows, columns];
    const first = Math.round((height * part) / this.#threads);
    const count = Math.round((height * (part + 1)) / this.#threads) - first;
    const n = count * width;
    const offset = first * width * 4;
    const [x, out] = [this.#x + offset, this.#out + offset];
    const state = this.#base + part * SCRATCH;
    const maxima = state + QUADS_BYTES;
    const e = maxima + 4096;
    const labels = this.#base + this.#threads * SCRATCH + first * 4;
    const losses = this.#base + this.#threads * SCRATCH + MOST_ROWS * 4 + first * 8;
    const { softmax, softmaxCrossEntropy, sigmoid } = this.#kernels;
    if (work === "softmax") softmax(x, out, count, width, state, maxima);
    else if (work === "sigmoid") sigmoid(x, out, n, e);
    else if (work === "copy") this.#f32.copyWithin(out >>> 2, x >>> 2, (x >>> 2) + n);
    else softmaxCrossEntropy(x, out, labels, 0, 1, losses, count, width, state, maxima, e);
  }
}

/** Does one part of every task, until the process ends. */
export function serve(shared: Shared, part: number): void {
  const parts = new Parts(shared);
  const ints = new Int32Array(shared.control);
  let seen = 0;
  for (;;) {
    for (const end = performance.now() + SPIN; Atomics.load(ints, TASK) === seen && performance.now() < end; );
    Atomics.wait(ints, TASK, seen);
    seen = Atomics.load(ints, TASK);
    parts.run(WORKS[ints[WORK]], ints[ROWS], ints[COLUMNS], part);
    Atomics.store(ints, DONE + part, seen);
  }
}

/** Tasks on several threads, and the same tasks on one. */
export class Split {
  readonly #ints: Int32Array;
  readonly #parts: Parts;
  readonly #threads: number;
  #task = 0;

  constructor(threads: number, floats: number) {
    const root = new URL("../../../", import.meta.url);
    const module = new WebAssembly.Module(readFileSync(new URL("dist/simd-shared.wasm", root)));
    const pages = Math.ceil((floats * 8 + threads * SCRATCH + MOST_ROWS * 12) / 65536) + 2;
    const memory = new WebAssembly.Memory({ initial: pages, maximum: 65535, shared: true });
    const shared = { module, memory, control: new SharedArrayBuffer(4096), threads, floats };
    this.#ints = new Int32Array(shared.control);
    this.#parts = new Parts(shared);
    this.#threads = threads;
    for (let part = 1; part < threads; part++) {
      new Worker(new URL("./split-worker.js", import.meta.url), { workerData: { shared, part } }).unref();
    }
  }

  input(n: number): Float32Array {
    return this.#parts.input(n);
  }

  alone(work: Work, rows: number, columns: number): void {
    for (let part = 0; part < this.#threads; part++) this.#parts.run(work, rows, columns, part);
  }

  together(work: Work, rows: number, columns: number): void {
    const ints = this.#ints;
    const task = ++this.#task;
    ints[WORK] = WORKS.indexOf(work);
    ints[ROWS] = rows;
    ints[COLUMNS] = columns;
    Atomics.store(ints, TASK, task);
    Atomics.notify(ints, TASK);
    this.#parts.run(work, rows, columns, 0);
    for (let part = 1; part < this.#threads; part++) while (Atomics.load(ints, DONE + part) !== task);
  }
}
