import { BLOCK } from "../backend.js";
import { join } from "./math/log-pass.js";
import { reduceMeanLogs } from "./math/mean-log.js";
import type { Memory } from "./memory.js";

/** Jensen–Shannon divergence: assembly/jensen-shannon.ts has the formulas and the contract. */
export function jensenShannon(
  memory: Memory,
  p: number,
  q: number,
  grad: number,
  parts: number,
  rows: number,
  cols: number,
  scale: number,
  sums: number,
): void {
  const { f64 } = memory;
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let i = 0; i < cols; i += BLOCK) {
      const at = (row * cols + i) * 4;
      const count = Math.min(cols - i, BLOCK);
      reduceMeanLogs(memory, p + at, q + at, parts, count);
      sum += joinBlock(memory, p + at, q + at, grad ? grad + at : 0, parts, count, 0.5 * scale);
    }
    f64[(sums >>> 3) + row] = 0.5 * sum;
  }
}

/** Four lanes in turn: see math/sum.ts. */
function joinBlock(
  memory: Memory,
  p: number,
  q: number,
  grad: number,
  parts: number,
  n: number,
  scale: number,
): number {
  const { f32 } = memory;
  const ps = p >>> 2;
  const qs = q >>> 2;
  const first = parts >>> 2;
  const to = grad >>> 2;
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let i = 0; i < n; i++) {
    const x = f32[ps + i];
    const y = f32[qs + i];
    const ofSmaller = join(f32[first + i], f32[first + BLOCK + i]);
    const ofLarger = join(f32[first + 2 * BLOCK + i], f32[first + 3 * BLOCK + i]);
    const sum = a + (Math.min(x, y) * ofSmaller + Math.max(x, y) * ofLarger);
    if (to) f32[to + i] = slopeOf(x, y, y < x ? ofSmaller : ofLarger, scale);
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
