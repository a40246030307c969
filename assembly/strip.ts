import { loadLanes, storeLanes } from "./math/lanes";
import { BLOCK } from "./math/sum";
import { QUADS, spacing } from "./quad";

/**
 * Strips: positions along an axis that isn't the last, copied together because they may not be computed where they lie. A
 * strip shares its room, ROOM floats, with the exponentials of the quads that go together, which lie behind it.
 */
const ROOM: usize = 8 * BLOCK;

/** Whether classes so far apart may stay where they lie. */
export function isSpread(stride: usize): bool {
  return (stride & 255) !== 0;
}

/** Positions of a strip of many cache lines. */
const WIDE: usize = 128;

/**
 * Positions of a strip, so many that it fits its room beside the exponentials of one quad, a wide strip beside those of
 * four: the more of a class lie together, the fewer pages a strip touches. Two lines of each class are the worst
 * (measured): what is fetched ahead is lost.
 */
export function stripWidth(classes: usize): usize {
  if (classes * (apart(WIDE) + 4 * 4) <= ROOM) return WIDE;
  if (classes * (16 + 4) <= ROOM) return 16;
  return classes * (8 + 4) <= ROOM ? 8 : 4;
}

/** Floats between two classes of a strip: spread, too. */
export function apart(wide: usize): usize {
  return wide === WIDE ? WIDE + 4 : wide;
}

/** Quads that go together: their exponentials find room beside a strip whose classes stand so far apart. */
export function quadsAcross(classes: usize, step: usize): usize {
  return max(1, min(QUADS, classes ? (ROOM - classes * step) / (spacing(classes) >> 2) : 1));
}

/** Copies `positions` of each class together, `step` floats apart; what is missing to a vector is −Infinity. */
export function gather(x: usize, to: usize, classes: usize, stride: usize, step: usize, positions: usize): void {
  const whole = positions >> 2;
  const rest = positions & 3;
  for (let c: usize = 0; c < classes; c++, x += stride << 2, to += step << 2) {
    copyVectors(x, to, whole);
    if (rest) v128.store(to + (whole << 4), loadLanes(x + (whole << 4), rest, f32x4.splat(-Infinity)));
  }
}

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
