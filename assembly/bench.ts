import { EXP, ROUND, scaledExp } from "./math/exp";
import { join, LN2_HIGH, LN2_LOW, PART, Q0, Q1, Q2, Q3, reduceLogs } from "./math/log-pass";
import { LOG1P, log1pUnit } from "./math/log1p";

export { multiplyAdds } from "./multiply-adds";

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
  const minusLn2Lo = v128.load32_splat(EXP + 8);
  const q0 = v128.load32_splat(EXP + 12);
  const q1 = v128.load32_splat(EXP + 16);
  const q2 = v128.load32_splat(EXP + 20);
  const q3 = v128.load32_splat(EXP + 24);
  const q4 = v128.load32_splat(EXP + 28);
  for (const end = x + (n << 2); x < end; x += 32, out += 32) {
    v128.store(out, scaledExp(v128.load(x), round, log2e, ln2Hi, minusLn2Lo, q0, q1, q2, q3, q4));
    v128.store(out, scaledExp(v128.load(x, 16), round, log2e, ln2Hi, minusLn2Lo, q0, q1, q2, q3, q4), 16);
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

/** Elements between the two loops of a logarithm (math/log-pass.ts). */
const RUN: usize = 512;

/** log x of normal numbers. parts: scratch, as for reduceLogs. */
export function logPass(x: usize, out: usize, parts: usize, n: usize): void {
  const q0 = v128.load32_splat(Q0);
  const q1 = v128.load32_splat(Q1);
  const q2 = v128.load32_splat(Q2);
  const q3 = v128.load32_splat(Q3);
  const ln2Hi = v128.load32_splat(LN2_HIGH);
  const ln2Lo = v128.load32_splat(LN2_LOW);
  for (let i: usize = 0; i < n; i += RUN, x += RUN << 2) {
    reduceLogs(x, x, parts, min(n - i, RUN), false);
    let p = parts;
    for (const end = out + (min(n - i, RUN) << 2); out < end; out += 16, p += 16) {
      v128.store(out, join(v128.load(p), v128.load(p, PART), q0, q1, q2, q3, ln2Hi, ln2Lo));
    }
  }
}

/** log(1 + x) of numbers from 0 to 1; larger ones take as long. */
export function log1pPass(x: usize, out: usize, n: usize): void {
  const half = v128.load32_splat(LOG1P);
  const one = v128.load32_splat(LOG1P + 4);
  const q0 = v128.load32_splat(LOG1P + 8);
  const q1 = v128.load32_splat(LOG1P + 12);
  const q2 = v128.load32_splat(LOG1P + 16);
  const ln2Hi = v128.load32_splat(LOG1P + 20);
  const ln2Lo = v128.load32_splat(LOG1P + 24);
  for (const end = x + (n << 2); x < end; x += 32, out += 32) {
    v128.store(out, log1pUnit(v128.load(x), half, one, q0, q1, q2, ln2Hi, ln2Lo));
    v128.store(out, log1pUnit(v128.load(x, 16), half, one, q0, q1, q2, ln2Hi, ln2Lo), 16);
  }
}

export function heapBase(): usize {
  return __heap_base;
}
