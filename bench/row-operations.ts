// Operations along the class axis, a row each; add rows.

import type { ArrayOptions, FloatBatch, FloatOutput } from "xentropy";
import * as reference from "xentropy/reference";
import type { Pass } from "./limit.js";
import { arrayAlone, indicesAlone, lossAndGrad, NO_LOSS, type Operation, valuesAndIndices } from "./operation.js";
import * as crossEntropies from "./rivals/cross-entropy.js";
import * as reductions from "./rivals/reductions.js";
import { K } from "./rivals/reductions.js";
import type { RowsRival } from "./rivals/rows.js";
import * as softmaxes from "./rivals/softmax.js";
import * as strips from "./rivals/strips.js";

/** Softmax and its like: a batch to one of the same shape. */
function mapRows(
  name: "softmax" | "logSoftmax",
  given: Pick<Operation, "rival" | "across" | "passes" | "terms">,
  judge: typeof reference.logSoftmax,
): Operation {
  return {
    name,
    title: name,
    form: "rows",
    x: "logits",
    result: "output",
    work: "exp",
    kernels: (k, { shape, axis, x, output }) => {
      const rows: Record<typeof name, (x: FloatBatch, options: ArrayOptions) => FloatOutput> = k;
      rows[name](x, { shape, axis, out: output });
      return NO_LOSS;
    },
    reference: ({ shape, axis, x }) => arrayAlone(judge(x, { shape, axis })),
    ...given,
  };
}

function backward(
  name: "softmaxBackward" | "logSoftmaxBackward",
  given: Pick<Operation, "x" | "rival" | "across" | "passes" | "terms">,
  judge: typeof reference.softmaxBackward,
): Operation {
  return {
    name,
    title: name,
    form: "rows",
    y: "gradient",
    result: "output",
    work: "memory",
    kernels: (k, { shape, axis, x, y, output }) => {
      k[name](x, y, { shape, axis, out: output });
      return NO_LOSS;
    },
    reference: ({ shape, axis, x, y }) => arrayAlone(judge(x, y, { shape, axis })),
    ...given,
  };
}

/** A loss from logits and a second batch of floats, with its gradient. */
function lossRows(
  given: Pick<Operation, "name" | "title" | "kernels" | "reference" | "y" | "rival" | "passes" | "terms">,
): Operation {
  return { form: "rows", x: "logits", result: "output", work: "exp", ...given };
}

/** A loss at labels, with its gradient. */
function lossAtLabels(
  name: "softmaxCrossEntropy" | "nllLoss",
  given: Pick<Operation, "x" | "work" | "passes" | "terms" | "kernels" | "rival" | "across">,
  judge: (
    x: reference.Batch,
    labels: reference.Labels,
    options: reference.AxisOptions & { grad: true },
  ) => reference.Loss<{ grad: true }>,
): Operation {
  return {
    name,
    title: `${name} with gradient`,
    form: "rows",
    labels: true,
    result: "output",
    reference: ({ shape, axis, x, labels }) => lossAndGrad(judge(x, labels, { shape, axis, grad: true })),
    ...given,
  };
}

/** A value for each pair of distributions. */
function divergence(
  name: "crossEntropy" | "klDivergence" | "jensenShannon",
  rival: RowsRival,
  judge: typeof reference.klDivergence,
  passes: readonly Pass[],
): Operation {
  return {
    name,
    title: name,
    form: "rows",
    x: "probabilities",
    y: "other probabilities",
    result: "values",
    work: "exp",
    kernels: (k, { shape, axis, x, y, values }) => {
      k[name](x, y, { shape, axis, out: values });
      return NO_LOSS;
    },
    rival,
    reference: ({ shape, axis, x, y }) => arrayAlone(judge(x, y, { shape, axis })),
    passes,
    terms: () => 1,
  };
}

export const rowOperations: readonly Operation[] = [
  mapRows(
    "softmax",
    { rival: softmaxes.softmax, across: strips.softmax, passes: ["max", "exp", "scale"] },
    reference.softmax,
  ),
  mapRows(
    "logSoftmax",
    {
      rival: softmaxes.logSoftmax,
      across: strips.logSoftmax,
      passes: ["max", "exp", "scale"],
      terms: ({ x }, i) => Math.abs(x[i]),
    },
    reference.logSoftmax,
  ),
  {
    name: "logSumExp",
    title: "logSumExp",
    form: "rows",
    x: "logits",
    result: "values",
    work: "exp",
    kernels: (k, { shape, axis, x, values }) => {
      k.logSumExp(x, { shape, axis, out: values });
      return NO_LOSS;
    },
    rival: softmaxes.logSumExp,
    across: strips.logSumExp,
    reference: ({ shape, axis, x }) => arrayAlone(reference.logSumExp(x, { shape, axis })),
    passes: ["max", "exp"],
    terms: () => 1,
  },
  lossAtLabels(
    "softmaxCrossEntropy",
    {
      x: "logits",
      work: "exp",
      kernels: (k, { shape, axis, x, labels, output }) =>
        k.softmaxCrossEntropy(x, labels, { shape, axis, grad: output }).loss,
      rival: crossEntropies.softmaxCrossEntropy,
      across: strips.softmaxCrossEntropy,
      passes: ["max", "exp", "scale"],
      // The label's p − 1.
      terms: ({ labels, columns }, i, positions) =>
        columns === 0 || labels[Math.floor(i / columns)] === i % columns ? 1 / positions : 0,
    },
    reference.softmaxCrossEntropy,
  ),
  lossRows({
    name: "softmaxCrossEntropyDense",
    title: "softmaxCrossEntropy with gradient, dense targets",
    y: "probabilities",
    kernels: (k, { shape, axis, x, y, output }) => k.softmaxCrossEntropy(x, y, { shape, axis, grad: output }).loss,
    rival: crossEntropies.softmaxCrossEntropyDense,
    reference: ({ shape, axis, x, y }) => lossAndGrad(reference.softmaxCrossEntropy(x, y, { shape, axis, grad: true })),
    passes: ["max", "exp", "combine"],
    terms: ({ y }, i, positions) => y[i] / positions,
  }),
  lossRows({
    name: "softmaxKlDivergence",
    title: "softmaxKlDivergence with gradient",
    y: "other logits",
    kernels: (k, { shape, axis, x, y, output }) => k.softmaxKlDivergence(x, y, { shape, axis, grad: output }).loss,
    rival: crossEntropies.softmaxKlDivergence,
    reference: ({ shape, axis, x, y }) => lossAndGrad(reference.softmaxKlDivergence(x, y, { shape, axis, grad: true })),
    passes: ["max", "max", "exp", "exp", "combine"],
    terms: (_, __, positions) => 1 / positions,
  }),
  lossAtLabels(
    "nllLoss",
    {
      x: "log-probabilities",
      work: "memory",
      kernels: (k, { shape, axis, x, labels, output }) => k.nllLoss(x, labels, { shape, axis, grad: output }).loss,
      rival: crossEntropies.nllLoss,
      across: strips.nllLoss,
      passes: [],
    },
    reference.nllLoss,
  ),
  backward(
    "softmaxBackward",
    {
      x: "probabilities",
      rival: softmaxes.softmaxBackward,
      across: strips.softmaxBackward,
      passes: ["dot", "combine"],
      terms: ({ x }, i) => x[i],
    },
    reference.softmaxBackward,
  ),
  backward(
    "logSoftmaxBackward",
    {
      x: "log-probabilities",
      rival: softmaxes.logSoftmaxBackward,
      across: strips.logSoftmaxBackward,
      passes: ["dot", "exp", "combine"],
      terms: ({ y }, i) => Math.abs(y[i]),
    },
    reference.logSoftmaxBackward,
  ),
  {
    name: "argmax",
    title: "argmax",
    form: "rows",
    x: "logits",
    result: "fresh",
    work: "memory",
    kernels: (k, { shape, axis, x }) => k.argmax(x, { shape, axis }),
    rival: reductions.argmax,
    across: strips.argmax,
    reference: ({ shape, axis, x }) => indicesAlone(reference.argmax(x, { shape, axis })),
    passes: ["max"],
  },
  {
    name: "topK",
    title: `topK, k = ${K}`,
    form: "rows",
    x: "logits",
    result: "fresh",
    work: "memory",
    kernels: (k, { shape, axis, x }) => k.topK(x, Math.min(K, shape[axis]), { shape, axis }),
    rival: reductions.topK,
    reference: ({ shape, axis, x }) => valuesAndIndices(reference.topK(x, Math.min(K, shape[axis]), { shape, axis })),
    passes: [],
    per: (classes) => Math.min(K, classes),
  },
  {
    name: "entropy",
    title: "entropy",
    form: "rows",
    x: "probabilities",
    result: "values",
    work: "exp",
    kernels: (k, { shape, axis, x, values }) => {
      k.entropy(x, { shape, axis, out: values });
      return NO_LOSS;
    },
    rival: reductions.entropy,
    reference: ({ shape, axis, x }) => arrayAlone(reference.entropy(x, { shape, axis })),
    passes: ["log", "dot"],
    terms: () => 1,
  },
  divergence("crossEntropy", reductions.crossEntropy, reference.crossEntropy, ["log", "dot"]),
  divergence("klDivergence", reductions.klDivergence, reference.klDivergence, ["divide", "log", "dot"]),
  divergence("jensenShannon", reductions.jensenShannon, reference.jensenShannon, [
    "divide",
    "log",
    "log",
    "dot",
    "dot",
  ]),
];
