import type { Kernels } from "./backend/backend.js";
import type { Operand } from "./memory.js";
import type { Workspace } from "./workspace.js";

/** Floats at a multiple of whose distance columns fall on a few sets of a cache, where they drive each other out. */
const SPREAD = 256;

/** Floats between two classes, `width` positions each, that don't do so. */
export function apart(width: number): number {
  return width % SPREAD === 0 ? width + 16 : width;
}

/** Positions of a part, at most `most`, so that parts of so many are of like length, and whole cache lines where they can be. */
export function likeParts(length: number, most: number): number {
  return most < 16 ? most : Math.ceil(length / Math.ceil(length / (most & ~15)) / 16) * 16;
}

/**
 * Moves positions of a class axis that isn't the last: `width` side by side from the float at `offset` on, their classes `inner`
 * apart.
 */
export class Slabs {
  readonly #work: Workspace;
  readonly #kernels: Kernels;

  constructor(work: Workspace, kernels: Kernels) {
    this.#work = work;
    this.#kernels = kernels;
  }

  /** Copies `count` classes to the address `tile`, `step` apart, or `back`: at once if as far apart there. */
  carry(
    { array, pointer }: Operand,
    offset: number,
    inner: number,
    width: number,
    count: number,
    tile: number,
    step: number,
    back: boolean,
  ): void {
    const work = this.#work;
    const lying = array ?? work.arena.f32;
    const at = array ? offset : (pointer >>> 2) + offset;
    const runs = step === inner ? 1 : count;
    const n = step === inner ? (count - 1) * inner + width : width;
    for (let c = 0; c < runs; c++) {
      if (back) work.copyOut(tile + c * step * 4, n, lying, at + c * inner);
      else work.copyIn(lying, at + c * inner, n, tile + c * step * 4);
    }
  }

  /** Turns those of some slabs into rows at an address, or `back`. What isn't turned where it lies passes through tile 2. */
  turn(
    operand: Operand,
    offset: number,
    inner: number,
    width: number,
    slabs: number,
    classes: number,
    rows: number,
    back: boolean,
  ): void {
    const work = this.#work;
    const even = apart(inner) === inner;
    const transit = work.tile(2);
    const room = work.tileFloats;
    const count = slabs * classes;
    const there = !operand.array && (even || !back);
    if (there || (even && width === inner)) {
      const lying = there ? operand.pointer + offset * 4 : transit;
      if (!there && !back) this.carry(operand, offset, inner, width, count, transit, inner, false);
      for (let s = 0; s < slabs; s++) {
        const slab = lying + s * classes * inner * 4;
        this.#transpose(slab, inner, width, classes, rows + s * classes * width * 4, classes, back);
      }
      if (!there && back) this.carry(operand, offset, inner, width, count, transit, inner, true);
      return;
    }
    // Several times as much in one piece is copied faster than what is needed in many: where a tile holds two classes at least,
    // for it takes an even number of them (see alignTo).
    const whole = even && inner <= Math.min((back ? 8 : 24) * width, room / 2);
    const step = whole ? inner : apart(width);
    const most = whole ? Math.floor(room / inner) & ~1 : classes;
    for (let c = 0; c < count; c += most) {
      const n = Math.min(most, count - c);
      const at = offset + c * inner;
      if (whole || !back) this.carry(operand, at, inner, width, n, transit, step, false);
      this.#transpose(transit, step, width, n, rows + (whole ? c : c * width) * 4, classes, back);
      if (back) this.carry(operand, at, inner, width, n, transit, step, true);
    }
  }

  /** Turns n classes, `step` floats apart, into columns of rows of so many classes, or `back`. */
  #transpose(
    lying: number,
    step: number,
    width: number,
    n: number,
    rows: number,
    classes: number,
    back: boolean,
  ): void {
    if (back) this.#kernels.transpose(rows, classes, lying, step, width, n);
    else this.#kernels.transpose(lying, step, rows, classes, n, width);
  }
}
