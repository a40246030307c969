import { loadLanes, storeLanes } from "./lanes";

/** The largest float. */
export const LARGEST: f64 = 3.4028234663852886e38;

const BIG: f64 = 8.507059173023462e37; // 2^126
export const SMALL: f64 = 1.1754943508222875e-38; // 2^-126

/**
 * x ← x·factor, rounded once in the normal range. A factor that float32 can't hold to full precision is applied in two
 * steps, of which the second is a power of two.
 */
export function scale(x: usize, n: usize, factor: f64): void {
  const magnitude = abs(factor);
  if (magnitude < SMALL && magnitude > 0) {
    multiply(x, n, <f32>(factor * BIG));
    multiply(x, n, <f32>SMALL);
  } else if (magnitude > LARGEST) {
    multiply(x, n, <f32>(factor * SMALL));
    multiply(x, n, <f32>BIG);
  } else {
    multiply(x, n, <f32>factor);
  }
}

function multiply(x: usize, n: usize, factor: f32): void {
  const by = f32x4.splat(factor);
  for (const end = x + ((n >> 4) << 6); x < end; x += 64) {
    v128.store(x, f32x4.mul(v128.load(x), by));
    v128.store(x, f32x4.mul(v128.load(x, 16), by), 16);
    v128.store(x, f32x4.mul(v128.load(x, 32), by), 32);
    v128.store(x, f32x4.mul(v128.load(x, 48), by), 48);
  }
  for (const end = x + (((n & 15) >> 2) << 4); x < end; x += 16) v128.store(x, f32x4.mul(v128.load(x), by));
  const rest = n & 3;
  if (rest) storeLanes(x, rest, f32x4.mul(loadLanes(x, rest, f32x4.splat(0)), by));
}
