import { BLOCK, type Kernels } from "../backend/backend.js";
import { COST } from "../costs.js";
import { type Cut, MAX_SUMMED } from "./cut.js";

/**
 * Kernels over elements, or over columns of a row whose state is known: any cut gives the same bits. Sums over elements
 * are taken block by block, and the blocks' sums added in order as one thread would. The sigmoid
 * losses take the last n mod 4 elements as a block of their own, and so does the caller.
 */
export function spreadElements(one: Kernels, cut: Cut): Partial<Kernels> {
  /** x to out, element by element. */
  const map =
    (kernel: "sigmoid" | "logSigmoid" | "softplus" | "logit") =>
    (x: number, out: number, n: number, e: number): void => {
      if (!cut.worth(n, COST[kernel])) one[kernel](x, out, n, e);
      else cut.elements(kernel, n, COST[kernel]).reads(x, 4).writes(out, 4).count().own(e).run();
    };
  /** Logits to logits. */
  const change =
    (kernel: "temper" | "softcap") =>
    (x: number, out: number, n: number, by: number): void => {
      if (!cut.worth(n, COST[kernel])) one[kernel](x, out, n, by);
      else cut.elements(kernel, n, COST[kernel]).reads(x, 4).writes(out, 4).count().value(by).run();
    };
  /** Two operands and a sum along the row. */
  const combine =
    (kernel: "softmaxBackwardApply" | "logSoftmaxBackwardApply") =>
    (a: number, b: number, out: number, n: number, s: number): void => {
      if (!cut.worth(n, COST[kernel])) one[kernel](a, b, out, n, s);
      else cut.elements(kernel, n, COST[kernel]).reads(a, 4).reads(b, 4).writes(out, 4).count().value(s).run();
    };
  /** A divergence with its gradient. */
  const diverge =
    (kernel: "crossEntropy" | "klDivergence" | "jensenShannon") =>
    (p: number, q: number, grad: number, e: number, n: number, scale: number, start: number): number => {
      if (!cut.worth(n, COST[kernel])) return one[kernel](p, q, grad, e, n, scale, start);
      return inParts(n, start, (i, count, sum) => {
        cut.blocks(kernel, count, COST[kernel], BLOCK).reads(from(p, i), 4).reads(from(q, i), 4);
        return cut.writes(from(grad, i), 4).own(e).count().value(scale).value(0).sum(sum);
      });
    };
  /** Positions side by side, a strip of 16 at a time. */
  const across =
    (kernel: "softmaxAcross" | "logSoftmaxAcross" | "logSumExpAcross") =>
    (x: number, out: number, classes: number, width: number, stride: number, lanes: number, strip: number): void => {
      if (!cut.worth(width * classes, COST[kernel])) {
        one[kernel](x, out, classes, width, stride, lanes, strip);
        return;
      }
      const reach = kernel === "logSumExpAcross" ? 0 : (classes - 1) * stride * 4;
      cut
        .elements(kernel, width, classes * COST[kernel])
        .reads(x, 4)
        .writes(out, 4, reach)
        .value(classes)
        .count()
        .value(stride);
      cut.own(lanes).own(strip).run();
    };
  return {
    softmaxAcross: across("softmaxAcross"),
    logSoftmaxAcross: across("logSoftmaxAcross"),
    logSumExpAcross: across("logSumExpAcross"),
    softmaxCrossEntropyAcross(x, grad, labels, scales, scale, losses, classes, width, stride, state, strip) {
      const cost = COST.softmaxCrossEntropyAcross;
      if (!cut.worth(width * classes, cost)) {
        one.softmaxCrossEntropyAcross(x, grad, labels, scales, scale, losses, classes, width, stride, state, strip);
        return;
      }
      cut
        .elements("softmaxCrossEntropyAcross", width, classes * cost)
        .reads(x, 4)
        .writes(grad, 4, (classes - 1) * stride * 4)
        .reads(labels, 4);
      cut
        .reads(scales, 8)
        .value(scale)
        .writes(losses, 8)
        .value(classes)
        .count()
        .value(stride)
        .own(state)
        .own(strip)
        .run();
    },
    sigmoid: map("sigmoid"),
    logSigmoid: map("logSigmoid"),
    softplus: map("softplus"),
    logit: map("logit"),
    temper: change("temper"),
    softcap: change("softcap"),
    softcapBackward(x, grad, n, cap) {
      if (!cut.worth(n, COST.softcapBackward)) one.softcapBackward(x, grad, n, cap);
      else
        cut.elements("softcapBackward", n, COST.softcapBackward).reads(x, 4).changes(grad, 4).count().value(cap).run();
    },
    softmaxBackwardApply: combine("softmaxBackwardApply"),
    logSoftmaxBackwardApply: combine("logSoftmaxBackwardApply"),
    logSoftmaxApply(state, x, out, n) {
      if (!cut.worth(n, COST.logSoftmaxApply)) one.logSoftmaxApply(state, x, out, n);
      else
        cut.elements("logSoftmaxApply", n, COST.logSoftmaxApply).value(state).reads(x, 4).writes(out, 4).count().run();
    },
    sum(x, n, start) {
      if (!cut.worth(n, COST.sum)) return one.sum(x, n, start);
      return inParts(n, start, (i, count, sum) =>
        cut.blocks("sum", count, COST.sum, BLOCK).reads(from(x, i), 4).count().value(0).sum(sum),
      );
    },
    dot(a, b, n, start) {
      if (!cut.worth(n, COST.dot)) return one.dot(a, b, n, start);
      return inParts(n, start, (i, count, sum) =>
        cut.blocks("dot", count, COST.dot, BLOCK).reads(from(a, i), 4).reads(from(b, i), 4).count().value(0).sum(sum),
      );
    },
    entropy(p, e, n, start) {
      if (!cut.worth(n, COST.entropy)) return one.entropy(p, e, n, start);
      return inParts(n, start, (i, count, sum) =>
        cut.blocks("entropy", count, COST.entropy, BLOCK).reads(from(p, i), 4).own(e).count().value(0).sum(sum),
      );
    },
    crossEntropy: diverge("crossEntropy"),
    klDivergence: diverge("klDivergence"),
    jensenShannon: diverge("jensenShannon"),
    binaryCrossEntropy(q, t, grad, losses, e, n, scale, start) {
      if (!cut.worth(n, COST.binaryCrossEntropy)) return one.binaryCrossEntropy(q, t, grad, losses, e, n, scale, start);
      return inParts(n, start, (i, count, sum) =>
        cut
          .blocks("binaryCrossEntropy", count, COST.binaryCrossEntropy, BLOCK)
          .reads(from(q, i), 4)
          .reads(from(t, i), 4)
          .writes(from(grad, i), 4)
          .writes(from(losses, i), 4)
          .own(e)
          .count()
          .value(scale)
          .value(0)
          .sum(sum),
      );
    },
    sigmoidCrossEntropy(x, t, grad, e, n, scale, start) {
      if (!cut.worth(n, COST.sigmoidCrossEntropy)) return one.sigmoidCrossEntropy(x, t, grad, e, n, scale, start);
      const sum = inParts(n & ~3, start, (i, count, sum) => {
        cut
          .blocks("sigmoidCrossEntropy", count, COST.sigmoidCrossEntropy, BLOCK)
          .reads(from(x, i), 4)
          .reads(from(t, i), 4);
        return cut.writes(from(grad, i), 4).own(e).count().value(scale).value(0).sum(sum);
      });
      cut.settle();
      const i = n & ~3;
      return one.sigmoidCrossEntropy(from(x, i), from(t, i), from(grad, i), e, n & 3, scale, sum);
    },
    sigmoidCrossEntropyGeneral(x, t, u, pw, grad, losses, e, n, smoothing, scale, start) {
      if (!cut.worth(n, COST.sigmoidCrossEntropyGeneral)) {
        return one.sigmoidCrossEntropyGeneral(x, t, u, pw, grad, losses, e, n, smoothing, scale, start);
      }
      const sum = inParts(n & ~3, start, (i, count, sum) => {
        cut.blocks("sigmoidCrossEntropyGeneral", count, COST.sigmoidCrossEntropyGeneral, BLOCK).reads(from(x, i), 4);
        cut.reads(from(t, i), 4).reads(from(u, i), 4).reads(from(pw, i), 4);
        cut.writes(from(grad, i), 4).writes(from(losses, i), 4).own(e).count();
        return cut.value(smoothing).value(scale).value(0).sum(sum);
      });
      cut.settle();
      const i = n & ~3;
      const [x2, t2, u2, pw2] = [from(x, i), from(t, i), from(u, i), from(pw, i)];
      const [grad2, losses2] = [from(grad, i), from(losses, i)];
      return one.sigmoidCrossEntropyGeneral(x2, t2, u2, pw2, grad2, losses2, e, n & 3, smoothing, scale, sum);
    },
    sigmoidFocalLoss(x, t, grad, losses, e, n, alpha, gamma, scale, start) {
      if (!cut.worth(n, COST.sigmoidFocalLoss)) {
        return one.sigmoidFocalLoss(x, t, grad, losses, e, n, alpha, gamma, scale, start);
      }
      const sum = inParts(n & ~3, start, (i, count, sum) => {
        cut.blocks("sigmoidFocalLoss", count, COST.sigmoidFocalLoss, BLOCK).reads(from(x, i), 4).reads(from(t, i), 4);
        cut.writes(from(grad, i), 4).writes(from(losses, i), 4).own(e).count();
        return cut.value(alpha).value(gamma).value(scale).value(0).sum(sum);
      });
      cut.settle();
      const i = n & ~3;
      const [grad2, losses2] = [from(grad, i), from(losses, i)];
      return one.sigmoidFocalLoss(from(x, i), from(t, i), grad2, losses2, e, n & 3, alpha, gamma, scale, sum);
    },
  };
}

/** The address of float i of an operand, 0 where there is none. */
function from(address: number, i: number): number {
  return address === 0 ? 0 : address + i * 4;
}

/** Sums n elements in parts of which the sums of all blocks can be kept. */
function inParts(n: number, start: number, part: (i: number, count: number, sum: number) => number): number {
  let sum = start;
  for (let i = 0; i < n; i += MAX_SUMMED) sum = part(i, Math.min(MAX_SUMMED, n - i), sum);
  return sum;
}
