import { BLOCK } from "./math/exp-block.js";
import { logOfLess, logOfMore } from "./math/mean-log.js";
import type { Memory } from "./memory.js";

/** Jensen–Shannon divergence: assembly/jensen-shannon.ts has the formulas and the contract. */
export function jensenShannon(
  memory: Memory,
  p: number,
  q: number,
  grad: number,
  _e: number,
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
      sum += blockOf(memory, p + at, q + at, grad ? grad + at : 0, Math.min(cols - i, BLOCK), 0.5 * scale);
    }
    f64[(sums >>> 3) + row] = 0.5 * sum;
  }
}

/** The lanes turn: math/sum.ts. */
function blockOf(memory: Memory, p: number, q: number, grad: number, n: number, scale: number): number {
  const { f32 } = memory;
  const ps = p >>> 2;
  const qs = q >>> 2;
  const to = grad >>> 2;
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let i = 0; i < n; i++) {
    const x = f32[ps + i];
    const y = f32[qs + i];
    const sum = a + termOf(x, y);
    if (to) f32[to + i] = slopeOf(x, y, scale);
    a = b;
    b = c;
    c = d;
    d = sum;
  }
  return a + c + (b + d);
}

function termOf(p: number, q: number): number {
  if (!(p >= 0 && q >= 0)) return Number.NaN;
  const less = Math.min(p, q);
  const more = Math.max(p, q);
  if (more === 0) return 0;
  return (less === 0 ? 0 : less * logOfLess(less, more)) + more * logOfMore(less, more);
}

function slopeOf(p: number, q: number, scale: number): number {
  if (!(p >= 0 && q >= 0)) return Number.NaN;
  if (q === 0) return p === 0 ? 0 : -Infinity * scale;
  return (q < p ? logOfLess(q, p) : logOfMore(p, q)) * scale;
}
