import { loadLanes, storeLanes } from "./math/lanes";
import { BLOCK } from "./math/sum";
import { QUADS, spacing } from "./quad";

/**
 * Strips: some positions along an axis that isn't the last, copied together because they can't well be computed where they lie
 * (across.ts says when). A strip shares its room, ROOM floats, with the exponentials of the quads that go together, behind it.
 */
const ROOM: usize = 8 * BLOCK;

/** Whether classes so many floats apart may stay where they lie. A multiple of 1 KiB apart, they share sets of a cache. */
export function isSpread(stride: usize): bool {
  return (stride & 255) !== 0;
}

/** Positions of a wide strip: eight cache lines of each class. */
const WIDE: usize = 128;

/**
 * The positions of a strip: a wide one where it fits the room beside the exponentials of four quads, since the more of a class
 * lies together, the fewer pages a strip touches; else a line, or part of one, that fits beside those of one quad. Two lines
 * are the worst (measured): what is fetched ahead is lost.
 */
export function stripWidth(classes: usize): usize {
  if (classes * (stripStep(WIDE) + 4 * 4) <= ROOM) return WIDE;
  if (classes * (16 + 4) <= ROOM) return 16;
  return classes * (8 + 4) <= ROOM ? 8 : 4;
}

/** Floats from one class of a strip to the next: a wide strip's are spread too. */
export function stripStep(wide: usize): usize {
  return wide === WIDE ? WIDE + 4 : wide;
}

/** Quads that go together: as many as find room for their exponentials beside a strip whose classes are `step` floats apart. */
export function quadsAcross(classes: usize, step: usize): usize {
  return max(1, min(QUADS, classes ? (ROOM - classes * step) / (spacing(classes) >> 2) : 1));
}

/** Copies some positions of each class to a strip; what is missing to whole vectors is −Infinity. */
export function gather(x: usize, to: usize, classes: usize, stride: usize, step: usize, positions: usize): void {
  const whole = positions >> 2;
  const rest = positions & 3;
  for (let c: usize = 0; c < classes; c++, x += stride << 2, to += step << 2) {
    copyVectors(x, to, whole);
    if (rest) v128.store(to + (whole << 4), loadLanes(x + (whole << 4), rest, f32x4.splat(-Infinity)));
  }
}

/** Copies them back to where they belong. */
export function scatter(x: usize, out: usize, classes: usize, stride: usize, step: usize, positions: usize): void {
  const whole = positions >> 2;
  const rest = positions & 3;
  for (let c: usize = 0; c < classes; c++, x += step << 2, out += stride << 2) {
    copyVectors(x, out, whole);
    if (rest) storeLanes(out + (whole << 4), rest, v128.load(x + (whole << 4)));
  }
}

function copyVectors(from: usize, to: usize, n: usize): void {
  for (; n >= 4; n -= 4, from += 64, to += 64) {
    const a = v128.load(from);
    const b = v128.load(from, 16);
    const c = v128.load(from, 32);
    const d = v128.load(from, 48);
    v128.store(to, a);
    v128.store(to, b, 16);
    v128.store(to, c, 32);
    v128.store(to, d, 48);
  }
  for (; n > 0; n--, from += 16, to += 16) v128.store(to, v128.load(from));
}
