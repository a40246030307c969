import type { Kernels } from "./backend/backend.js";
import type { Layout } from "./batch.js";
import type { Operand } from "./memory.js";
import { apart, likeParts, Slabs } from "./slabs.js";
import { Strips } from "./strips.js";
import { MOST_COLUMNS, POSITIONS, type Slot, type Workspace } from "./workspace.js";

/** What copies foreign arrays to and from tiles while kernels compute: src/threads/streams.ts. */
export interface Streaming {
  /** Forgets what is left of a call that ended with an error. */
  clear(): void;
  /** Floats of an array are wanted at an address by the time that a kernel reads them there. */
  input(array: Float32Array, offset: number, length: number, address: number): void;
  /** Floats that a kernel will leave at an address are wanted in an array. */
  output(array: Float32Array, offset: number, length: number, address: number): void;
  /** Copies the rest of the output at an address; false where there is none. */
  finish(address: number): boolean;
}

/**
 * Walks a batch in tiles that fit the workspace. A position is one vector along the class axis; a tile is a run of
 * positions, each a contiguous row where the kernels see it:
 *
 * - class axis last: rows are contiguous as they are; foreign ones are copied, resident ones used in place;
 * - class axis further out: rows are gathered by a transposition of the tile, and put back the same way; where few fit a tile,
 *   they come from a strip of more (strips.ts);
 * - elements that don't depend on each other (`flat`): any run will do.
 *
 * One walker serves all calls, so that a call makes no garbage.
 */
export class Tiles {
  readonly #work: Workspace;
  readonly #slabs: Slabs;
  readonly #streams: Streaming | undefined;
  /** What does so in this walk. */
  #streaming: Streaming | undefined;
  #outer = 0;
  #inner = 0;
  #staged = true;
  #limit = POSITIONS;
  /** Whether tiles lie as the batch does, without a transposition. */
  #lying = false;
  /**
   * Whether staged classes are moved apart where they have to be. What lies as the batch does isn't if it is no larger than
   * a tile: kernels gather their strips faster than classes are copied one by one (measured: 1.2 to 1.6 times). Nor is it
   * with threads: into shared memory a slab is copied fastest in one piece, and they share the gathering.
   */
  #moves = true;
  /** Where the walk goes on: slab (index of the outer axes) and position within it. */
  #slab = 0;
  #at = 0;
  /** Slabs of this tile, and the positions it takes of each from `#from` on. */
  #count = 0;
  #from = 0;
  #width = 0;
  /** Where few positions fit a tile: what they are turned into. */
  readonly strips: Strips;
  /** First position of this tile. */
  position = 0;
  /** Positions of this tile: the rows that a kernel is given. */
  rows = 0;
  /** Classes of a position: the columns. */
  classes = 0;

  constructor(work: Workspace, kernels: Kernels, streams?: Streaming) {
    this.#work = work;
    this.#streams = streams;
    this.#slabs = new Slabs(work, kernels);
    this.strips = new Strips(work, this.#slabs);
  }

  /**
   * Starts a walk. `resident`: all operands lie in linear memory.
   *
   * `across`: for kernels that work across the positions of a slab. A tile lies as the batch does, classes `stride` floats
   * apart, and is one slab or a part of its positions. Resident batches are used in place, but for those whose classes have to
   * be brought apart.
   *
   * `streamed`: where there are threads, foreign rows may be copied while a kernel computes. Then, between `read` and the
   * kernel, and between the kernel and `write`, nothing but kernels may touch the tile.
   */
  over({ outer, classes, inner }: Layout, resident: boolean, across = false, streamed = true): this {
    this.#outer = outer;
    this.#inner = inner;
    this.classes = classes;
    this.#staged = !resident || inner !== 1;
    this.#limit = POSITIONS;
    this.#lying = across;
    this.#moves = true;
    if (across) {
      this.#moves = classes * inner > this.#work.tileFloats && !this.#work.arena.shared;
      this.#staged = !resident || this.#step(inner) !== inner;
    }
    this.strips.over(classes, inner, across ? Infinity : Math.floor(this.#work.tileFloats / classes));
    this.#streams?.clear();
    this.#streaming = streamed && this.#staged && inner === 1 ? this.#streams : undefined;
    this.#slab = 0;
    this.#at = 0;
    return this;
  }

  /** What copies foreign arrays while kernels compute, where there are threads. */
  get along(): Streaming | undefined {
    return this.#streams;
  }

  /** Starts a walk over n elements that don't depend on each other, in runs of a tile, or in one. */
  flat(n: number, whole: boolean, streamed = true): this {
    this.over({ outer: n, classes: 1, inner: 1 }, whole, false, streamed);
    this.#limit = whole ? n : this.#work.tileFloats;
    return this;
  }

  /** Whether the class axis alone is more than kernels take at once: such positions are taken in column tiles (columns.ts). */
  get long(): boolean {
    return !this.#lying && this.classes > (this.#staged ? this.#work.tileFloats : MOST_COLUMNS);
  }

  /** Moves on to the next tile; false at the end. */
  next(): boolean {
    const inner = this.#inner;
    if (this.#slab >= this.#outer || inner === 0) return false;
    const fit = this.#fit();
    if (inner <= fit) {
      this.#count = this.#lying ? 1 : Math.min(this.#outer - this.#slab, Math.floor(fit / inner));
      this.#from = 0;
      this.#width = inner;
      this.position = this.#slab * inner;
      this.#slab += this.#count;
    } else {
      this.#count = 1;
      this.#from = this.#at;
      this.position = this.#slab * inner + this.#at;
      this.#width = Math.min(fit, this.strips.width ? this.strips.from(this.position) : inner - this.#at);
      this.#at += this.#width;
      if (this.#at === inner) {
        this.#at = 0;
        this.#slab++;
      }
    }
    this.rows = this.#count * this.#width;
    this.#work.alignTo(this.strips.width ? this.strips.at(this.position) : this.#offset());
    return true;
  }

  /**
   * Positions of a tile, at most. Parts of a slab are of like length, and whole cache lines where they can be; those that
   * stand apart as they are need no room for more.
   */
  #fit(): number {
    if (!this.#staged) return this.#limit;
    const inner = this.#inner;
    const classes = Math.max(1, this.classes);
    const room = this.#lying ? this.#work.slabFloats : this.#work.tileFloats;
    const most = Math.min(this.#limit, Math.floor(room / classes));
    if (most < 16 || (inner > 1 && inner <= most && classes * this.#step(inner) <= room)) return most;
    const lines = most & ~15;
    if (inner === 1) return lines;
    return apart(likeParts(inner, apart(lines) === lines ? lines : lines - 16));
  }

  /** Floats of the tile, from its first to its last. */
  get floats(): number {
    return this.classes * (this.#lying ? this.stride : this.rows);
  }

  /** Index in the batch of the tile's first float. */
  #offset(): number {
    return this.#inner === 1
      ? this.position * this.classes
      : Math.floor(this.position / this.#inner) * this.classes * this.#inner + this.#from;
  }

  /** Floats between two classes of a position, for kernels that work across. */
  get stride(): number {
    return this.#staged ? this.#step(this.#width) : this.#inner;
  }

  /** Address of the tile's rows of an input: where they lie, or copied to slot `slot`. `strip`: the slot that it was read to before. */
  read(operand: Operand, slot: Slot, strip = slot): number {
    if (this.#lying) return this.#lay(operand, slot);
    const offset = this.#offset();
    const to = this.#work.tile(slot);
    if (this.strips.width) {
      const rows = this.strips.read(operand, this.position, strip);
      this.#work.copyIn(rows, this.strips.at(this.position), this.floats, to);
      return to;
    }
    if (this.#inner !== 1) {
      this.#turn(operand, to, false);
      return to;
    }
    if (operand.array === undefined) return operand.pointer + offset * 4;
    if (this.#streaming) this.#streaming.input(operand.array, offset, this.floats, to);
    else this.#work.copyIn(operand.array, offset, this.floats, to);
    return to;
  }

  /** Address where the tile's rows of an output are to be computed. */
  place(operand: Operand, slot: Slot): number {
    const there = operand.array === undefined && (this.#inner === 1 || (this.#lying && !this.#staged));
    if (there) return operand.pointer + this.#offset() * 4;
    const to = this.#work.tile(slot);
    if (operand.array) this.#streaming?.output(operand.array, this.#offset(), this.floats, to);
    return to;
  }

  /** Hands an output's rows over that were computed at `from`; nothing is to be done where they lie there already. */
  write(operand: Operand, from: number): void {
    if (this.#lying) {
      if (this.#staged) this.#carry(operand, from, true);
      return;
    }
    if (this.strips.width) {
      this.#work.copyOut(from, this.floats, this.strips.room(0), this.strips.at(this.position));
      this.strips.write(operand, this.position + this.rows - 1, 0);
      return;
    }
    if (this.#inner !== 1) {
      this.#turn(operand, from, true);
      return;
    }
    const { array, pointer } = operand;
    const offset = this.#offset();
    if (array && this.#streaming?.finish(from)) return;
    if (array) this.#work.copyOut(from, this.floats, array, offset);
    else if (pointer + offset * 4 !== from) this.#work.move(from, this.floats, pointer + offset * 4);
  }

  /** Floats between two staged classes, `width` positions each. */
  #step(width: number): number {
    return this.#moves ? apart(width) : width;
  }

  /** The tile as it lies: in place if all is resident, or its pieces brought together. */
  #lay(operand: Operand, slot: Slot): number {
    if (!this.#staged) return operand.pointer + this.#offset() * 4;
    const to = this.#work.tile(slot);
    this.#carry(operand, to, false);
    return to;
  }

  #carry(operand: Operand, tile: number, back: boolean): void {
    this.#slabs.carry(operand, this.#offset(), this.#inner, this.#width, this.classes, tile, this.stride, back);
  }

  #turn(operand: Operand, rows: number, back: boolean): void {
    this.#slabs.turn(operand, this.#offset(), this.#inner, this.#width, this.#count, this.classes, rows, back);
  }
}
