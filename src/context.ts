import type { Engine, Kernels } from "./backend/backend.js";
import { FreedError } from "./errors.js";
import { Transform } from "./logits.js";
import type { Arena } from "./memory.js";
import { type Streams, Tiles } from "./tiles.js";
import { SHARED_TILE, TILE, Workspace } from "./workspace.js";

/** What spreads the kernels' work over threads, if anything does: src/threads/. */
export interface Spreading {
  /**
   * The kernels, with the same arguments and results, and what copies foreign arrays while they compute. A worker that is
   * lost may go on writing to the workspace: then `abandon` is called, and what it returns when the worker has ended.
   */
  spread(arena: Arena, work: Workspace, abandon: () => () => void): { kernels: Kernels; streams: Streams };
}

/** Stands for kernels that have been disposed, which nobody calls but a call whose options dispose of them. */
const NONE = new Proxy({} as Kernels, {
  get() {
    throw new FreedError("These kernels have been disposed.");
  },
});

/** What an operation works with: the kernels, their memory, and the one walker over tiles. */
export class Context {
  #engine: Engine | undefined;
  readonly #threads: Spreading | undefined;
  readonly #given: Workspace | undefined;
  readonly arena: Arena;
  kernels!: Kernels;
  work!: Workspace;
  tiles!: Tiles;
  /** This context, but with kernels that compute on the calling thread alone. */
  alone!: Context;
  /** What most calls do to the logits: nothing. */
  readonly unchanged: Transform;
  #furnished = false;
  /** Options that the short path (ops/brief.ts) has read and left to the general one, which takes them right afterwards. */
  #left: unknown;

  /** `work`: the workspace of another context on this arena. */
  constructor(engine: Engine, arena: Arena, threads?: Spreading, work?: Workspace) {
    this.#engine = engine;
    this.#threads = threads;
    this.#given = work;
    this.arena = arena;
    this.#furnish();
    this.unchanged = Transform.none(this);
  }

  /** The context, ready for a call. Throws FreedError after `dispose`, MemoryError where there is no room to work in. */
  ready(): this {
    this.arena.checkLive();
    if (!this.#furnished) this.#furnish();
    // What a call that failed has left.
    this.tiles.streams?.clear();
    return this;
  }

  /** Leaves options that have been read to the general path, so that each is read once. It takes them with `left`. */
  leave(options: object): undefined {
    this.#left = options;
  }

  /** The options that have been left, or else those given. */
  left<O>(given: O): O {
    if (this.#left === undefined) return given;
    const options = this.#left as O;
    this.#left = undefined;
    return options;
  }

  /** Gives the memory up. Kernels hold it, so they go too: who keeps this context, as states do, keeps no memory. */
  dispose(): void {
    this.arena.dispose();
    this.#engine = undefined;
    this.kernels = NONE;
    this.tiles = new Tiles(this.work, NONE);
    if (this.alone !== this) this.alone.dispose();
  }

  #furnish(): void {
    const { arena } = this;
    const engine = this.#engine as Engine;
    const work = this.#given ?? new Workspace(arena, this.#threads ? SHARED_TILE : TILE);
    let spread: ReturnType<Spreading["spread"]> | undefined;
    try {
      spread = this.#threads?.spread(arena, work, () => this.#abandon());
    } catch (cause) {
      if (work !== this.#given) work.free();
      throw cause;
    }
    this.work = work;
    this.kernels = spread?.kernels ?? engine.kernels;
    this.tiles = new Tiles(this.work, this.kernels, spread?.streams);
    this.alone = this.#threads ? new Context(engine, arena, undefined, this.work) : this;
    this.#furnished = true;
  }

  /** Gives the workspace up; the next call makes another. */
  #abandon(): () => void {
    const { work } = this;
    this.#furnished = false;
    return () => work.free();
  }
}
