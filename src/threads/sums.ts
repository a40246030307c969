import { BLOCK, type Kernels } from "../backend/backend.js";
import type { Operation } from "../costs.js";
import { type Cut, MAX_SUMMED } from "./cut.js";

/**
 * Kernels that give a sum over elements. It is taken block by block, and the blocks' sums are added in order as one thread
 * would.
 */
export function spreadSums(one: Kernels, cut: Cut): Partial<Kernels> {
  return {
    sum(x, n, start) {
      if (!cut.worth("sum", n)) return one.sum(x, n, start);
      return sumOver(cut, n, start, { kernel: "sum", reads: [x] });
    },
    dot(a, b, n, start) {
      if (!cut.worth("dot", n)) return one.dot(a, b, n, start);
      return sumOver(cut, n, start, { kernel: "dot", reads: [a, b] });
    },
    ...spreadElementLosses(one, cut),
  };
}

/** They take the last n mod 4 elements as a block of their own, and so does the caller. */
function spreadElementLosses(one: Kernels, cut: Cut): Partial<Kernels> {
  /** Shares whole fours. Then the kernel takes the rest: it is given the addresses there, how many are left, and the sum. */
  const spread = (
    n: number,
    start: number,
    { reads, writes, ...sum }: Sum & { readonly writes: readonly number[] },
    rest: (reads: readonly number[], writes: readonly number[], n: number, sum: number) => number,
  ) => {
    const fours = n & ~3;
    const before = sumOver(cut, fours, start, { reads, writes, ...sum });
    cut.settle();
    const behind = (addresses: readonly number[]) => addresses.map((address) => from(address, fours));
    return rest(behind(reads), behind(writes), n - fours, before);
  };
  return {
    sigmoidCrossEntropy(x, t, grad, e, n, scale, start) {
      const kernel = "sigmoidCrossEntropy";
      if (!cut.worth(kernel, n)) return one[kernel](x, t, grad, e, n, scale, start);
      const sum = { kernel, reads: [x, t], writes: [grad], e, values: [scale] } as const;
      return spread(n, start, sum, ([x, t], [grad], n, sum) => one[kernel](x, t, grad, e, n, scale, sum));
    },
    sigmoidCrossEntropyGeneral(x, t, u, pw, grad, losses, e, n, smoothing, scale, start) {
      const kernel = "sigmoidCrossEntropyGeneral";
      if (!cut.worth(kernel, n)) return one[kernel](x, t, u, pw, grad, losses, e, n, smoothing, scale, start);
      const sum = { kernel, reads: [x, t, u, pw], writes: [grad, losses], e, values: [smoothing, scale] } as const;
      return spread(n, start, sum, ([x, t, u, pw], [grad, losses], n, sum) =>
        one[kernel](x, t, u, pw, grad, losses, e, n, smoothing, scale, sum),
      );
    },
    sigmoidFocalLoss(x, t, grad, losses, e, n, alpha, gamma, scale, start) {
      const kernel = "sigmoidFocalLoss";
      if (!cut.worth(kernel, n)) return one[kernel](x, t, grad, losses, e, n, alpha, gamma, scale, start);
      const sum = { kernel, reads: [x, t], writes: [grad, losses], e, values: [alpha, gamma, scale] } as const;
      return spread(n, start, sum, ([x, t], [grad, losses], n, sum) =>
        one[kernel](x, t, grad, losses, e, n, alpha, gamma, scale, sum),
      );
    },
    binaryCrossEntropy(q, t, grad, losses, e, n, scale, unit, start) {
      const kernel = "binaryCrossEntropy";
      if (!cut.worth(kernel, n)) return one[kernel](q, t, grad, losses, e, n, scale, unit, start);
      const sum = { kernel, reads: [q, t], writes: [grad, losses], e, values: [scale, unit] } as const;
      return spread(n, start, sum, ([q, t], [grad, losses], n, sum) =>
        one[kernel](q, t, grad, losses, e, n, scale, unit, sum),
      );
    },
  };
}

/** A kernel and its arguments, but for the number of elements, which stands before `values`, and the sum so far, the last. */
interface Sum {
  readonly kernel: Operation;
  /** Addresses of float32 operands, then of results; 0 stands for none. */
  readonly reads: readonly number[];
  readonly writes?: readonly number[];
  /** Scratch memory. */
  readonly e?: number;
  readonly values?: readonly number[];
}

/** Sums n elements, in parts of which the sums of all blocks can be kept. */
function sumOver(cut: Cut, n: number, start: number, { kernel, reads, writes = [], e, values = [] }: Sum): number {
  let sum = start;
  for (let i = 0; i < n; i += MAX_SUMMED) {
    cut.blocks(kernel, Math.min(MAX_SUMMED, n - i), BLOCK);
    for (const address of reads) cut.reads(from(address, i), 4);
    for (const address of writes) cut.writes(from(address, i), 4);
    if (e !== undefined) cut.own(e);
    cut.count();
    for (const value of values) cut.value(value);
    sum = cut.value(0).sum(sum);
  }
  return sum;
}

/** The address of float i of an operand, 0 where there is none. */
function from(address: number, i: number): number {
  return address === 0 ? 0 : address + i * 4;
}
