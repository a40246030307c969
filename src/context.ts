import type { Engine, Kernels } from "./backend/backend.js";
import { Transform } from "./logits.js";
import { Arena, Workspace } from "./memory.js";
import { Tiles } from "./tiles.js";

/** What an operation works with: the kernels, their memory, and the one walker over tiles. */
export class Context {
  readonly kernels: Kernels;
  readonly arena: Arena;
  readonly work: Workspace;
  readonly tiles: Tiles;
  /** What most calls do to the logits: nothing. */
  readonly unchanged: Transform;

  constructor(engine: Engine, maximumMemory: number) {
    this.kernels = engine.kernels;
    this.arena = new Arena(engine.memory, engine.kernels.heapBase(), maximumMemory);
    this.work = new Workspace(this.arena);
    this.tiles = new Tiles(this.work, this.kernels);
    this.unchanged = Transform.none(this);
  }
}
