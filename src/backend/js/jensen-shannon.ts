import { BLOCK } from "./math/exp-block.js";
import { join } from "./math/log-pass.js";
import { reduceMeanLogs } from "./math/mean-log.js";
import type { Memory } from "./memory.js";

/** Jensen–Shannon divergence: assembly/jensen-shannon.ts has the formulas and the contract. */
export function jensenShannon(
  memory: Memory,
  p: number,
  q: number,
  grad: number,
  e: number,
  n: number,
  scale: number,
  start: number,
): number {
  for (let i = 0; i < n; i += BLOCK) {
    const at = i * 4;
    const count = Math.min(n - i, BLOCK);
    reduceMeanLogs(memory, p + at, q + at, e, count);
    start += 0.5 * joinBlock(memory, p + at, q + at, grad ? grad + at : 0, e, count, 0.5 * scale);
  }
  return start;
}

/** The lanes turn: math/sum.ts. */
function joinBlock(memory: Memory, p: number, q: number, grad: number, e: number, n: number, scale: number): number {
  const { f32 } = memory;
  const ps = p >>> 2;
  const qs = q >>> 2;
  const es = e >>> 2;
  const to = grad >>> 2;
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let i = 0; i < n; i++) {
    const x = f32[ps + i];
    const y = f32[qs + i];
    const ofLess = join(f32[es + i], f32[es + BLOCK + i]);
    const ofMore = join(f32[es + 2 * BLOCK + i], f32[es + 3 * BLOCK + i]);
    const sum = a + (Math.min(x, y) * ofLess + Math.max(x, y) * ofMore);
    if (to) f32[to + i] = slopeOf(x, y, y < x ? ofLess : ofMore, scale);
    a = b;
    b = c;
    c = d;
    d = sum;
  }
  return a + c + (b + d);
}

function slopeOf(p: number, q: number, log: number, scale: number): number {
  if (q === 0 && p >= 0) return p === 0 ? 0 : -Infinity * scale;
  return log * scale;
}
