// What the machine itself can do with several threads: the same kernel, each thread on a part of its own that is fixed
// beforehand, and nothing to agree on but start and end. With one processor that another program takes, with memory that
// can't feed two, this is where it shows. Also copies of the same bytes.

import { readFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { BLOCK, QUADS_BYTES } from "../src/backend/backend.js";
import { ROOT } from "./root.js";

const WORKS = ["softmax", "softmaxCrossEntropy", "softmaxKlDivergence", "sigmoid", "copy"] as const;
export type Work = (typeof WORKS)[number];

// Words of the control memory: the number of the task, what it is, its rows and columns; then for each thread its last task.
const TASK = 0;
const WORK = 1;
const ROWS = 2;
const COLUMNS = 3;
const DONE = 16;

/** Milliseconds that a worker looks for the next task before it sleeps. */
const SPIN = 1;

/** Bytes of what a thread needs for itself, of which so many are maxima; rows, and bytes of what stands beside each. */
const SCRATCH = 262_144;
const MAXIMA = 4096;
const MOST_ROWS = 4096;
const LABEL = 4;
const LOSS = 8;
const SCALE = 8;

/** Floats of exponentials of each of two rows. */
const ROOM = 4 * BLOCK;

type Kernel = (...values: number[]) => void;

export interface Shared {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly control: SharedArrayBuffer;
  readonly threads: number;
  /** Floats that there is room for. */
  readonly floats: number;
}

/** A memory with room for so many floats three times: two operands and a result. */
export function share(threads: number, floats: number): Shared {
  const module = new WebAssembly.Module(readFileSync(new URL("dist/simd-shared.wasm", ROOT)));
  const bytes = floats * 12 + threads * SCRATCH + MOST_ROWS * (LABEL + LOSS + SCALE);
  const pages = Math.ceil(bytes / 65536) + 2;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: 65535, shared: true });
  return { module, memory, control: new SharedArrayBuffer(4096), threads, floats };
}

/** A part of a batch: rows of so many columns, from an element and a row on. */
interface Part {
  readonly offset: number;
  readonly row: number;
  readonly count: number;
  readonly width: number;
}

/** Whole rows; of a single row, columns in whole cache lines, which count as a row of their own. */
export function partOf(rows: number, columns: number, threads: number, part: number): Part {
  if (rows > 1) {
    const row = Math.round((rows * part) / threads);
    const count = Math.round((rows * (part + 1)) / threads) - row;
    return { offset: row * columns, row, count, width: columns };
  }
  const cut = (i: number) => (i === threads ? columns : Math.round((columns * i) / threads / 16) * 16);
  return { offset: cut(part), row: part, count: 1, width: cut(part + 1) - cut(part) };
}

/** What one thread does of a task. */
export class Parts {
  readonly #kernels: Record<string, Kernel>;
  readonly #f32: Float32Array;
  readonly #threads: number;
  readonly #base: number;
  readonly #labels: number;
  readonly #losses: number;
  readonly #scales: number;
  readonly #x: number;
  readonly #y: number;
  readonly #out: number;

  constructor({ module, memory, threads, floats }: Shared) {
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    this.#kernels = exports as unknown as Record<string, Kernel>;
    this.#f32 = new Float32Array(memory.buffer);
    this.#threads = threads;
    this.#base = Math.ceil((exports.heapBase as () => number)() / 64) * 64;
    this.#labels = this.#base + threads * SCRATCH;
    this.#losses = this.#labels + MOST_ROWS * LABEL;
    this.#scales = this.#losses + MOST_ROWS * LOSS;
    this.#x = this.#scales + MOST_ROWS * SCALE;
    this.#y = this.#x + floats * 4;
    this.#out = this.#y + floats * 4;
    new Float64Array(memory.buffer, this.#scales, MOST_ROWS).fill(1);
  }

  /** The floats that tasks read, and those that they write. */
  operands(n: number): { x: Float32Array; y: Float32Array; out: Float32Array } {
    const at = (address: number) => this.#f32.subarray(address >>> 2, (address >>> 2) + n);
    return { x: at(this.#x), y: at(this.#y), out: at(this.#out) };
  }

  run(work: Work, rows: number, columns: number, part: number): void {
    const { offset, row, count, width } = partOf(rows, columns, this.#threads, part);
    const n = count * width;
    const [x, y, out] = [this.#x, this.#y, this.#out].map((from) => from + offset * 4);
    const state = this.#base + part * SCRATCH;
    const secondState = state + QUADS_BYTES;
    const maxima = secondState + QUADS_BYTES;
    const e = maxima + MAXIMA;
    const labels = this.#labels + row * LABEL;
    const losses = this.#losses + row * LOSS;
    const scales = this.#scales + row * SCALE;
    const { softmax, softmaxCrossEntropy, softmaxKlDivergence, sigmoid } = this.#kernels;
    if (work === "softmax") softmax(x, out, count, width, state, maxima);
    else if (work === "sigmoid") sigmoid(x, out, n, e);
    else if (work === "copy") this.#f32.copyWithin(out >>> 2, x >>> 2, (x >>> 2) + n);
    else if (work === "softmaxCrossEntropy") {
      softmaxCrossEntropy(x, out, labels, 0, 1, losses, count, width, state, maxima, e);
    } else softmaxKlDivergence(x, y, out, scales, losses, count, width, state, secondState, e, ROOM);
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
    const shared = share(threads, floats);
    this.#ints = new Int32Array(shared.control);
    this.#parts = new Parts(shared);
    this.#threads = threads;
    for (let part = 1; part < threads; part++) {
      new Worker(new URL("./split-worker.js", import.meta.url), { workerData: { shared, part } }).unref();
    }
  }

  operands(n: number): ReturnType<Parts["operands"]> {
    return this.#parts.operands(n);
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
