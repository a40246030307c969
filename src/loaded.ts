import type { Backend, Engine } from "./backend/backend.js";
import type { FloatBatch } from "./batch.js";
import { typedName } from "./checks.js";
import { Context } from "./context.js";
import type { Operation } from "./costs.js";
import { Arena } from "./memory.js";
import { type Dtype, ResidentBatch } from "./resident.js";
import type { Shape } from "./shape.js";
import type { Threads } from "./threads/index.js";

/** A backend that is loaded: its memory, its threads, and where a call is computed. */
export class Loaded {
  /** The backend that was chosen. */
  readonly backend: Backend;
  readonly #own: Context;
  readonly #threads: Threads | undefined;
  /** Memory that no other thread sees, where there are threads and it fits the limit. */
  readonly #local: Context | undefined;

  /** @internal Made by `load` and `loadSync`. */
  constructor(engine: Engine, maximumMemory: number, threads?: Threads, local?: Engine) {
    this.backend = engine.backend;
    this.#threads = threads;
    const arena = new Arena(engine.memory, engine.kernels.heapBase(), maximumMemory);
    this.#own = new Context(engine, arena, threads);
    if (local && arena.reserved + local.memory.buffer.byteLength <= maximumMemory) {
      this.#local = new Context(local, new Arena(local.memory, local.kernels.heapBase(), maximumMemory, arena));
    }
  }

  /** Threads that compute, the calling one among them. A worker that was lost counts no more. */
  get threads(): number {
    return this.#threads?.count ?? 1;
  }

  /**
   * @internal What a call works with, ready for it. With threads, small calls shall cost no more than without. So a foreign
   * batch that isn't worth sharing goes by the memory that no other thread sees, since copies to and from shared memory take
   * 1.5 to 3 times as long; and for such a resident batch the kernels are taken that aren't spread over threads.
   */
  protected context(operation?: Operation, x?: FloatBatch): Context {
    const own = this.#own;
    const threads = this.#threads;
    // Only the context of the shared memory knows what lost workers may still write to.
    if (!threads || !operation || own.arena.held?.active) return own.ready();
    const resident = x instanceof ResidentBatch;
    const length = resident || typedName(x) ? (x as Float32Array).length : Infinity;
    // Looking up a cost takes as long as everything else here: the smallest calls do without.
    const work = length < threads.few ? 0 : threads.workOf(operation, length);
    if (work >= threads.worthWaking) return own.ready();
    if (resident) return work < threads.worthSharing ? own.ready().alone : own.ready();
    return (this.#local ?? own).ready();
  }

  /** Bytes of kernel memory: in use (workspace and resident batches), reserved from the engine, and the limit. */
  get memory(): { used: number; reserved: number; maximum: number } {
    const { used, reserved, maximum } = this.#own.arena;
    const local = this.#local?.arena;
    return { used: used + (local?.used ?? 0), reserved: reserved + (local?.reserved ?? 0), maximum };
  }

  /**
   * A batch of zeros in the kernels' memory, which every operation uses with no copy: float32 (default), or int32 for labels.
   * Throws MemoryError, naming the size, where the memory can't be had; ShapeError, OptionError, FreedError after `dispose`.
   */
  alloc(shape: Shape, options: { dtype: "int32" }): ResidentBatch<Int32Array>;
  alloc(shape: Shape, options?: { dtype?: "float32" | undefined }): ResidentBatch;
  alloc(shape: Shape, options: { dtype?: Dtype | undefined }): ResidentBatch | ResidentBatch<Int32Array>;
  alloc(shape: Shape, options: { dtype?: Dtype | undefined } = {}): ResidentBatch | ResidentBatch<Int32Array> {
    return ResidentBatch.allocate(this.context().arena, shape, options) as ResidentBatch;
  }

  /**
   * Ends the workers and gives all memory up: resident batches are freed, and every later call throws FreedError. Twice is
   * no error. Without it, workers end with the process or when the kernels are garbage.
   */
  dispose(): void {
    this.#threads?.dispose();
    this.#own.dispose();
    this.#local?.dispose();
  }
}
