import type { Floats } from "../batch.js";
import type { Context } from "../context.js";
import type { Scratch } from "../scratch.js";
import { type CrossEntropy, smoothedTargets, spreadOut } from "./cross-entropy-call.js";

/** The part of a tile's targets that doesn't come from labels: dense targets, and what label smoothing gives to all. */
export class LinearTargets {
  readonly #context: Context;
  readonly #call: CrossEntropy;
  /** Room for a tile of dense targets, for a row of smoothed ones, and for weights; 0 where there is no need. */
  readonly #room: number;
  readonly #weights: number;
  /** Bytes from a row of what `read` gives to the next. */
  step = 0;

  /** Tiles are at most rows × cols. */
  constructor(context: Context, call: CrossEntropy, rows: number, cols: number, scratch: Scratch) {
    const { targets, smoothing, classWeights } = call;
    this.#context = context;
    this.#call = call;
    this.#room = targets ? scratch.take(rows * cols * 4) : smoothing !== 0 ? scratch.take(cols * 4) : 0;
    this.#weights = targets && classWeights ? scratch.take(cols * 4) : 0;
  }

  /** The address of the targets of `rows` positions and `cols` classes, 0 for none. */
  read(position: number, rows: number, column: number, cols: number): number {
    const { targets, smoothing } = this.#call;
    if (targets) return this.#readDense(targets, position, rows, column, cols);
    if (smoothing === 0) return 0;
    spreadOut(this.#call, this.#context.arena.f32, this.#room >>> 2, column, cols);
    return this.#room;
  }

  #readDense(targets: Floats, position: number, rows: number, column: number, cols: number): number {
    const { arena, work } = this.#context;
    const { smoothing, classWeights, batch } = this.#call;
    const { classes } = batch;
    const { array, pointer } = targets;
    const changed = smoothing !== 0 || classWeights !== undefined;
    const start = position * classes + column;
    if (!array && !changed) {
      this.step = classes * 4;
      return pointer + start * 4;
    }
    const room = this.#room;
    for (let i = 0; i < rows; i++) {
      const from = start + i * classes;
      work.bring(targets, from, cols, room + i * cols * 4);
    }
    if (changed) {
      if (classWeights) arena.f32.set(classWeights.subarray(column, column + cols), this.#weights >>> 2);
      smoothedTargets(this.#context, this.#call, room, room, this.#weights, rows, cols);
    }
    this.step = cols * 4;
    return room;
  }
}
