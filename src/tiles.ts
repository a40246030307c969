import { BLOCK, type Kernels } from "./backend/backend.js";
import type { Layout } from "./batch.js";
import type { Operand } from "./memory.js";
import { Strips } from "./strips.js";
import { MOST_COLUMNS, POSITIONS, type Slot, type Workspace } from "./workspace.js";

/** What copies foreign arrays to and from tiles while kernels compute, where there are threads: src/threads/streams.ts. */
export interface Streams {
  /** Forgets what is left of a call that ended with an error. */
  clear(): void;
  /** Floats of an array are wanted at an address by the time that a kernel reads them there. */
  input(array: Float32Array, offset: number, length: number, address: number): void;
  /** Floats that a kernel will leave at an address are wanted in an array. */
  output(array: Float32Array, offset: number, length: number, address: number): void;
  /** Copies the rest of the output at an address; false where there is none. */
  finish(address: number): boolean;
  /** A float of an output was changed after the kernel: copies it again where it has been copied. */
  rewrite(address: number): void;
  /** Fewer rows than so many at a time are better shared by their columns. */
  readonly few: number;
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
  readonly #kernels: Kernels;
  readonly #streams: Streams | undefined;
  /** What copies, if this walk is streamed. */
  streams: Streams | undefined;
  #outer = 0;
  #inner = 0;
  #staged = true;
  #limit = POSITIONS;
  /** How many of the first positions are taken in column tiles, and how many have been. */
  #long = 0;
  #taken = 0;
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
  #slabs = 0;
  #from = 0;
  #width = 0;
  /** What few positions of a tile come from. */
  readonly strips: Strips;
  /** First position of this tile. */
  position = 0;
  /** Positions of this tile: the rows that a kernel is given. */
  rows = 0;
  /** Classes of a position: the columns. */
  classes = 0;

  constructor(work: Workspace, kernels: Kernels, streams?: Streams) {
    this.#work = work;
    this.#kernels = kernels;
    this.#streams = streams;
    this.strips = new Strips(work, kernels);
  }

  /**
   * Starts a walk. `resident`: all operands lie in linear memory.
   *
   * `across`: for kernels that work across the positions of a slab. A tile lies as the batch does, classes `stride` floats
   * apart, and is one slab or a part of its positions. Resident batches are used in place, but for those whose classes have to
   * be brought apart.
   *
   * `streamed`: where there are threads, foreign rows may be copied while a kernel computes. Then, between `read` and the
   * kernel, and between the kernel and `write`, nothing but kernels may touch the tile, but for `Streams.rewrite`.
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
    this.strips.over(classes, inner, across ? inner : Math.floor(this.#work.tileFloats / classes));
    this.#streams?.clear();
    this.streams = streamed && this.#staged && inner === 1 ? this.#streams : undefined;
    this.#slab = 0;
    this.#at = 0;
    this.#taken = 0;
    this.#long = this.#countLong();
    return this;
  }

  /** Starts a walk over n elements that don't depend on each other, in runs of a tile, or in one. */
  flat(n: number, whole: boolean, streamed = true): this {
    this.over({ outer: n, classes: 1, inner: 1 }, whole, false, streamed);
    this.#limit = whole ? n : this.#work.tileFloats;
    return this;
  }

  /**
   * How many of the first positions are taken in column tiles: all where a class axis alone is more than kernels take at once.
   * Threads share the columns of rows too few to be shared themselves: of a tile's rows, or of those that fill none.
   */
  #countLong(): number {
    const { classes } = this;
    if (this.#lying) return 0;
    if (classes > (this.#staged ? this.#work.tileFloats : MOST_COLUMNS)) return this.#outer * this.#inner;
    if (!this.#streams || classes <= BLOCK) return 0;
    // Rows of strips are few, or they would be tiles.
    if (this.#inner !== 1) return this.strips.width > 0 ? this.#outer * this.#inner : 0;
    const { few } = this.#streams;
    const fit = this.#fit();
    if (fit < few) return this.#outer;
    const rest = this.#outer % fit;
    return rest < few ? rest : 0;
  }

  /** Moves on to the next position that is taken in column tiles (columns.ts); false at their end. Then `next` has the rest. */
  nextLong(): boolean {
    if (this.#taken === this.#long) return false;
    this.position = this.#taken++;
    this.#slab = Math.ceil(this.#taken / this.#inner);
    return true;
  }

  /** Moves on to the next tile; false at the end, where nothing is kept any more. */
  next(): boolean {
    const inner = this.#inner;
    if (this.#slab >= this.#outer || inner === 0) {
      this.strips.clear();
      return false;
    }
    const fit = this.#fit();
    if (inner <= fit) {
      this.#slabs = this.#lying ? 1 : Math.min(this.#outer - this.#slab, Math.floor(fit / inner));
      this.#from = 0;
      this.#width = inner;
      this.position = this.#slab * inner;
      this.#slab += this.#slabs;
    } else {
      this.#slabs = 1;
      this.#from = this.#at;
      this.position = this.#slab * inner + this.#at;
      this.#width = Math.min(fit, this.strips.width ? this.strips.left(this.position) : inner - this.#at);
      this.#at += this.#width;
      if (this.#at === inner) {
        this.#at = 0;
        this.#slab++;
      }
    }
    this.rows = this.#slabs * this.#width;
    this.#work.alignTo(this.#offset());
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
    const longest = lines % SPREAD === 0 ? lines - 16 : lines;
    return apart(Math.ceil(inner / Math.ceil(inner / longest) / 16) * 16);
  }

  /** Floats of the tile, from its first to its last. */
  get floats(): number {
    return this.classes * (this.#lying ? this.stride : this.rows);
  }

  /** Index of the tile's first float, in the batch or in its strip. */
  #offset(): number {
    if (this.strips.width) return this.strips.at(this.position);
    return this.#inner === 1
      ? this.position * this.classes
      : Math.floor(this.position / this.#inner) * this.classes * this.#inner + this.#from;
  }

  /** Floats between two classes of a position, for kernels that work across. */
  get stride(): number {
    return this.#staged ? this.#step(this.#width) : this.#inner;
  }

  /**
   * Address of the tile's rows of an input: where they lie, or copied to slot `slot`. `strip`: the slot that the input has been
   * read to before, and that its strip is of.
   */
  read(operand: Operand, slot: Slot, strip = slot): number {
    if (this.#lying) return this.#lay(operand, slot);
    const offset = this.#offset();
    const to = this.#work.tile(slot);
    if (this.strips.width) {
      this.#work.copyIn(this.strips.read(operand, this.position, strip), offset, this.floats, to);
      return to;
    }
    if (this.#inner !== 1) {
      this.#turn(operand, to, false);
      return to;
    }
    if (operand.array === undefined) return operand.pointer + offset * 4;
    if (this.streams) this.streams.input(operand.array, offset, this.floats, to);
    else this.#work.copyIn(operand.array, offset, this.floats, to);
    return to;
  }

  /** Address where the tile's rows of an output are to be computed. */
  place(operand: Operand, slot: Slot): number {
    const there = operand.array === undefined && (this.#inner === 1 || (this.#lying && !this.#staged));
    if (there) return operand.pointer + this.#offset() * 4;
    const to = this.#work.tile(slot);
    if (operand.array) this.streams?.output(operand.array, this.#offset(), this.floats, to);
    return to;
  }

  /** Hands an output's rows over that were computed at `from`; nothing is to be done where they lie there already. */
  write(operand: Operand, from: number): void {
    if (this.#lying) {
      if (this.#staged) this.#carry(operand, this.#offset(), from, true, this.stride, this.classes);
      return;
    }
    if (this.strips.width) {
      this.#work.copyOut(from, this.floats, this.strips.room(0), this.#offset());
      this.strips.write(operand, this.position + this.rows - 1, 0);
      return;
    }
    if (this.#inner !== 1) {
      this.#turn(operand, from, true);
      return;
    }
    const { array, pointer } = operand;
    const offset = this.#offset();
    if (array && this.streams?.finish(from)) return;
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
    this.#carry(operand, this.#offset(), to, false, this.stride, this.classes);
    return to;
  }

  /** Copies `count` classes from the float at `offset` on to the address `tile`, or `back`: at once if as far apart there. */
  #carry({ array, pointer }: Operand, offset: number, tile: number, back: boolean, step: number, count: number): void {
    const work = this.#work;
    const inner = this.#inner;
    const width = this.#width;
    const lying = array ?? work.arena.f32;
    const at = array ? offset : (pointer >>> 2) + offset;
    const runs = step === inner ? 1 : count;
    const n = step === inner ? (count - 1) * inner + width : width;
    for (let c = 0; c < runs; c++) {
      if (back) work.copyOut(tile + c * step * 4, n, lying, at + c * inner);
      else work.copyIn(lying, at + c * inner, n, tile + c * step * 4);
    }
  }

  /** Turns the tile's positions into rows at an address, or `back`. What isn't turned where it lies passes through tile 2. */
  #turn(operand: Operand, rows: number, back: boolean): void {
    const { classes } = this;
    const width = this.#width;
    const inner = this.#inner;
    const even = apart(inner) === inner;
    const there = !operand.array && (even || !back);
    const slabs = this.#slabs;
    const offset = this.#offset();
    const transit = this.#work.tile(2);
    if (there || (even && width === inner)) {
      const lying = there ? operand.pointer + offset * 4 : transit;
      if (!there && !back) this.#carry(operand, offset, transit, false, inner, slabs * classes);
      for (let s = 0; s < slabs; s++) {
        this.#transpose(lying + s * classes * inner * 4, inner, rows + s * classes * width * 4, classes, back);
      }
      if (!there && back) this.#carry(operand, offset, transit, true, inner, slabs * classes);
      return;
    }
    // Several times as much in one piece is copied faster than what is needed in many: where a tile holds two classes at least,
    // for it takes an even number of them (see alignTo).
    const room = this.#work.tileFloats;
    const whole = even && inner <= Math.min((back ? 8 : 24) * width, room / 2);
    const step = whole ? inner : apart(width);
    const most = whole ? Math.floor(room / inner) & ~1 : classes;
    for (let c = 0; c < slabs * classes; c += most) {
      const n = Math.min(most, slabs * classes - c);
      if (whole || !back) this.#carry(operand, offset + c * inner, transit, false, step, n);
      this.#transpose(transit, step, rows + (whole ? c : c * width) * 4, n, back);
      if (back) this.#carry(operand, offset + c * inner, transit, true, step, n);
    }
  }

  /** Turns n classes of positions, `step` floats apart, into columns of rows, or `back`. */
  #transpose(lying: number, step: number, rows: number, n: number, back: boolean): void {
    const width = this.#width;
    if (back) this.#kernels.transpose(rows, this.classes, lying, step, width, n);
    else this.#kernels.transpose(lying, step, rows, this.classes, n, width);
  }
}

/** Floats at a multiple of whose distance columns fall on a few sets of a cache, where they drive each other out. */
const SPREAD = 256;

/** Floats between two classes, `width` positions each, that don't do so. */
function apart(width: number): number {
  return width % SPREAD === 0 ? width + 16 : width;
}
