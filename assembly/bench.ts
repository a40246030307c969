import { EXP, ROUND, scaledExp } from "./math/exp";
import { log } from "./math/log";
import { log1p } from "./math/log1p";

/**
 * The passes that operations can't do without, each alone and in its fastest form: what bench/limit.ts measures the kernels
 * against. Not part of the package's binaries. x, y, out: n floats, n a multiple of 16; 16-byte aligned.
 */

export function maxPass(x: usize, n: usize): f32 {
  let a = v128.load(x);
  let b = a;
  let c = a;
  let d = a;
  for (const end = x + (n << 2); x < end; x += 64) {
    a = f32x4.pmax(a, v128.load(x));
    b = f32x4.pmax(b, v128.load(x, 16));
    c = f32x4.pmax(c, v128.load(x, 32));
    d = f32x4.pmax(d, v128.load(x, 48));
  }
  a = f32x4.pmax(f32x4.pmax(a, b), f32x4.pmax(c, d));
  return max(
    max(f32x4.extract_lane(a, 0), f32x4.extract_lane(a, 1)),
    max(f32x4.extract_lane(a, 2), f32x4.extract_lane(a, 3)),
  );
}

/** exp with the kernels' own polynomial and no care for what over- or underflows. */
export function expPass(x: usize, out: usize, n: usize): void {
  const round = f32x4.splat(ROUND + 127);
  const log2e = v128.load32_splat(EXP);
  const ln2Hi = v128.load32_splat(EXP + 4);
  const ln2Lo = v128.load32_splat(EXP + 8);
  const q0 = v128.load32_splat(EXP + 12);
  const q1 = v128.load32_splat(EXP + 16);
  const q2 = v128.load32_splat(EXP + 20);
  const q3 = v128.load32_splat(EXP + 24);
  const q4 = v128.load32_splat(EXP + 28);
  for (const end = x + (n << 2); x < end; x += 32, out += 32) {
    v128.store(out, scaledExp(v128.load(x), round, log2e, ln2Hi, ln2Lo, q0, q1, q2, q3, q4));
    v128.store(out, scaledExp(v128.load(x, 16), round, log2e, ln2Hi, ln2Lo, q0, q1, q2, q3, q4), 16);
  }
}

export function scalePass(x: usize, out: usize, n: usize, factor: f32): void {
  const by = f32x4.splat(factor);
  for (const end = x + (n << 2); x < end; x += 64, out += 64) {
    v128.store(out, f32x4.mul(v128.load(x), by));
    v128.store(out, f32x4.mul(v128.load(x, 16), by), 16);
    v128.store(out, f32x4.mul(v128.load(x, 32), by), 32);
    v128.store(out, f32x4.mul(v128.load(x, 48), by), 48);
  }
}

/** out = x·y: what reads two operands and writes one. */
export function combinePass(x: usize, y: usize, out: usize, n: usize): void {
  for (const end = x + (n << 2); x < end; x += 64, y += 64, out += 64) {
    v128.store(out, f32x4.mul(v128.load(x), v128.load(y)));
    v128.store(out, f32x4.mul(v128.load(x, 16), v128.load(y, 16)), 16);
    v128.store(out, f32x4.mul(v128.load(x, 32), v128.load(y, 32)), 32);
    v128.store(out, f32x4.mul(v128.load(x, 48), v128.load(y, 48)), 48);
  }
}

export function dotPass(x: usize, y: usize, n: usize): f32 {
  let a = f32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  for (const end = x + (n << 2); x < end; x += 64, y += 64) {
    a = f32x4.add(a, f32x4.mul(v128.load(x), v128.load(y)));
    b = f32x4.add(b, f32x4.mul(v128.load(x, 16), v128.load(y, 16)));
    c = f32x4.add(c, f32x4.mul(v128.load(x, 32), v128.load(y, 32)));
    d = f32x4.add(d, f32x4.mul(v128.load(x, 48), v128.load(y, 48)));
  }
  a = f32x4.add(f32x4.add(a, b), f32x4.add(c, d));
  return f32x4.extract_lane(a, 0) + f32x4.extract_lane(a, 1) + f32x4.extract_lane(a, 2) + f32x4.extract_lane(a, 3);
}

export function dividePass(x: usize, out: usize, n: usize): void {
  const one = f32x4.splat(1);
  for (const end = x + (n << 2); x < end; x += 32, out += 32) {
    v128.store(out, f32x4.div(one, v128.load(x)));
    v128.store(out, f32x4.div(one, v128.load(x, 16)), 16);
  }
}

export function logPass(x: usize, out: usize, n: usize): void {
  for (const end = x + (n << 2); x < end; x += 16, out += 16) v128.store(out, log(v128.load(x)));
}

export function log1pPass(x: usize, out: usize, n: usize): void {
  for (const end = x + (n << 2); x < end; x += 16, out += 16) v128.store(out, log1p(v128.load(x)));
}

export function heapBase(): usize {
  return __heap_base;
}
