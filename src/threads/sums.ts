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
    binaryCrossEntropy(q, t, grad, losses, e, n, scale, unit, start) {
      const kernel = "binaryCrossEntropy";
      if (!cut.worth(kernel, n)) return one[kernel](q, t, grad, losses, e, n, scale, unit, start);
      return sumOver(cut, n, start, { kernel, reads: [q, t], writes: [grad, losses], e, values: [scale, unit] });
    },
    ...spreadSigmoidLosses(one, cut),
  };
}

/** They take the last n mod 4 elements as a block of their own, and so does the caller. */
function spreadSigmoidLosses(one: Kernels, cut: Cut): Partial<Kernels> {
  return {
    sigmoidCrossEntropy(x, t, grad, e, n, scale, start) {
      const kernel = "sigmoidCrossEntropy";
      if (!cut.worth(kernel, n)) return one[kernel](x, t, grad, e, n, scale, start);
      const fours = n & ~3;
      const sum = sumOver(cut, fours, start, { kernel, reads: [x, t], writes: [grad], e, values: [scale] });
      cut.settle();
      return one[kernel](from(x, fours), from(t, fours), from(grad, fours), e, n - fours, scale, sum);
    },
    sigmoidCrossEntropyGeneral(x, t, u, pw, grad, losses, e, n, smoothing, scale, start) {
      const kernel = "sigmoidCrossEntropyGeneral";
      if (!cut.worth(kernel, n)) return one[kernel](x, t, u, pw, grad, losses, e, n, smoothing, scale, start);
      const fours = n & ~3;
      const [reads, writes] = [
        [x, t, u, pw],
        [grad, losses],
      ];
      const sum = sumOver(cut, fours, start, { kernel, reads, writes, e, values: [smoothing, scale] });
      cut.settle();
      const [x2, t2, u2, pw2] = reads.map((address) => from(address, fours));
      const [grad2, losses2] = writes.map((address) => from(address, fours));
      return one[kernel](x2, t2, u2, pw2, grad2, losses2, e, n - fours, smoothing, scale, sum);
    },
    sigmoidFocalLoss(x, t, grad, losses, e, n, alpha, gamma, scale, start) {
      const kernel = "sigmoidFocalLoss";
      if (!cut.worth(kernel, n)) return one[kernel](x, t, grad, losses, e, n, alpha, gamma, scale, start);
      const fours = n & ~3;
      const [reads, writes] = [
        [x, t],
        [grad, losses],
      ];
      const sum = sumOver(cut, fours, start, { kernel, reads, writes, e, values: [alpha, gamma, scale] });
      cut.settle();
      const [x2, t2] = reads.map((address) => from(address, fours));
      const [grad2, losses2] = writes.map((address) => from(address, fours));
      return one[kernel](x2, t2, grad2, losses2, e, n - fours, alpha, gamma, scale, sum);
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
