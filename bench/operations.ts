// The operations that are measured, a row each; add rows.

import * as reference from "xentropy/reference";
import type { Pass } from "./limit.js";
import type { Expected, Operation } from "./operation.js";
import type { Given } from "./problems.js";
import * as crossEntropies from "./rivals/cross-entropy.js";
import * as reductions from "./rivals/reductions.js";
import { K } from "./rivals/reductions.js";
import type { RowsRival } from "./rivals/rows.js";
import * as sigmoids from "./rivals/sigmoid.js";
import * as softmaxes from "./rivals/softmax.js";

const NO_LOSS = 0;
const array = (values: ArrayLike<number>): Expected => ({ loss: NO_LOSS, array: values });
const lossAndGrad = ({ loss, grad }: { loss: number; grad: Float64Array }): Expected => ({ loss, array: grad });

/** Softmax and its like: a batch to one of the same shape. */
function mapRows(name: "softmax" | "logSoftmax", passes: readonly Pass[], terms?: Operation["terms"]): Operation {
  return {
    name,
    title: name,
    form: "rows",
    x: "logits",
    result: "output",
    work: "exp",
    kernels: (k, { shape, axis, x, output }) => {
      k[name](x, { shape, axis, out: output });
      return NO_LOSS;
    },
    rival: softmaxes[name],
    reference: ({ shape, axis, x }) => array(reference[name](x, { shape, axis })),
    passes,
    ...(terms && { terms }),
  };
}

function backward(
  name: "softmaxBackward" | "logSoftmaxBackward",
  x: Given,
  passes: readonly Pass[],
  terms: Operation["terms"],
): Operation {
  return {
    name,
    title: name,
    form: "rows",
    x,
    y: "gradient",
    result: "output",
    work: "memory",
    kernels: (k, { shape, axis, x, y, output }) => {
      k[name](x, y, { shape, axis, out: output });
      return NO_LOSS;
    },
    rival: softmaxes[name],
    reference: ({ shape, axis, x, y }) => array(reference[name](x, y, { shape, axis })),
    passes,
    ...(terms && { terms }),
  };
}

/** A loss from logits and a second batch of floats, with its gradient. */
function lossRows(
  common: Pick<Operation, "name" | "title" | "kernels" | "reference">,
  y: Given,
  rival: RowsRival,
  passes: readonly Pass[],
  terms: Operation["terms"],
): Operation {
  return {
    ...common,
    form: "rows",
    x: "logits",
    y,
    result: "output",
    work: "exp",
    rival,
    passes,
    ...(terms && { terms }),
  };
}

/** A loss at labels, with its gradient. */
function lossAtLabels(
  name: "softmaxCrossEntropy" | "nllLoss",
  given: Pick<Operation, "x" | "work" | "passes" | "terms" | "kernels">,
): Operation {
  return {
    ...given,
    name,
    title: `${name} with gradient`,
    form: "rows",
    labels: true,
    result: "output",
    rival: crossEntropies[name],
    reference: ({ shape, axis, x, labels }) => lossAndGrad(reference[name](x, labels, { shape, axis, grad: true })),
  };
}

/** A value for each pair of distributions. */
function divergence(name: "crossEntropy" | "klDivergence" | "jensenShannon", passes: readonly Pass[]): Operation {
  return {
    name,
    title: name,
    form: "rows",
    x: "probabilities",
    y: "other probabilities",
    result: "fresh",
    work: "exp",
    kernels: (k, { shape, axis, x, y }) => k[name](x, y, { shape, axis }),
    rival: reductions[name],
    reference: ({ shape, axis, x, y }) => array(reference[name](x, y, { shape, axis })),
    passes,
    terms: () => 1,
  };
}

function mapElements(
  name: "sigmoid" | "logSigmoid" | "softplus" | "logit",
  x: Given,
  passes: readonly Pass[],
  terms?: Operation["terms"],
): Operation {
  return {
    name,
    title: name,
    form: "elements",
    x,
    result: "output",
    work: "exp",
    kernels: (k, { x, output }) => {
      k[name](x, { out: output });
      return NO_LOSS;
    },
    rival: sigmoids[name],
    reference: ({ x }) => array(reference[name](x)),
    passes,
    ...(terms && { terms }),
  };
}

function lossElements(
  name: "sigmoidCrossEntropy" | "sigmoidFocalLoss",
  kernels: Operation["kernels"],
  passes: readonly Pass[],
): Operation {
  return {
    name,
    title: `${name} with gradient`,
    form: "elements",
    x: "logits",
    y: "unit",
    result: "output",
    work: "exp",
    kernels,
    rival: sigmoids[name],
    reference: ({ x, y }) => lossAndGrad(reference[name](x, y, { grad: true })),
    passes,
    terms: (_, __, positions) => 1 / positions,
  };
}

export const operations: readonly Operation[] = [
  mapRows("softmax", ["max", "exp", "scale"]),
  mapRows("logSoftmax", ["max", "exp", "scale"], ({ x }, i) => Math.abs(x[i])),
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
    reference: ({ shape, axis, x }) => array(reference.logSumExp(x, { shape, axis })),
    passes: ["max", "exp"],
    terms: () => 1,
  },
  lossAtLabels("softmaxCrossEntropy", {
    x: "logits",
    work: "exp",
    kernels: (k, { shape, axis, x, labels, output }) =>
      k.softmaxCrossEntropy(x, labels, { shape, axis, grad: output }).loss,
    passes: ["max", "exp", "scale"],
    // The label's p − 1.
    terms: ({ labels, columns }, i, positions) =>
      columns === 0 || labels[Math.floor(i / columns)] === i % columns ? 1 / positions : 0,
  }),
  lossRows(
    {
      name: "softmaxCrossEntropyDense",
      title: "softmaxCrossEntropy with gradient, dense targets",
      kernels: (k, { shape, axis, x, y, output }) => k.softmaxCrossEntropy(x, y, { shape, axis, grad: output }).loss,
      reference: ({ shape, axis, x, y }) =>
        lossAndGrad(reference.softmaxCrossEntropy(x, y, { shape, axis, grad: true })),
    },
    "probabilities",
    crossEntropies.softmaxCrossEntropyDense,
    ["max", "exp", "combine"],
    ({ y }, i, positions) => y[i] / positions,
  ),
  lossRows(
    {
      name: "softmaxKlDivergence",
      title: "softmaxKlDivergence with gradient",
      kernels: (k, { shape, axis, x, y, output }) => k.softmaxKlDivergence(x, y, { shape, axis, grad: output }).loss,
      reference: ({ shape, axis, x, y }) =>
        lossAndGrad(reference.softmaxKlDivergence(x, y, { shape, axis, grad: true })),
    },
    "other logits",
    crossEntropies.softmaxKlDivergence,
    ["max", "max", "exp", "exp", "combine"],
    (_, __, positions) => 1 / positions,
  ),
  lossAtLabels("nllLoss", {
    x: "log-probabilities",
    work: "memory",
    kernels: (k, { shape, axis, x, labels, output }) => k.nllLoss(x, labels, { shape, axis, grad: output }).loss,
    passes: ["scale"],
  }),
  backward("softmaxBackward", "probabilities", ["dot", "combine"], ({ x }, i) => x[i]),
  backward("logSoftmaxBackward", "log-probabilities", ["dot", "exp", "combine"], ({ y }, i) => Math.abs(y[i])),
  {
    name: "argmax",
    title: "argmax",
    form: "rows",
    x: "logits",
    result: "fresh",
    work: "memory",
    kernels: (k, { shape, axis, x }) => k.argmax(x, { shape, axis }),
    rival: reductions.argmax,
    reference: ({ shape, axis, x }) => array(reference.argmax(x, { shape, axis })),
    passes: ["max"],
  },
  {
    name: "topK",
    title: `topK, k = ${K}`,
    form: "rows",
    x: "logits",
    result: "fresh",
    work: "memory",
    kernels: (k, { shape, axis, x }) => k.topK(x, Math.min(K, shape.at(axis) as number), { shape, axis }).indices,
    rival: reductions.topK,
    reference: ({ shape, axis, x }) =>
      array(reference.topK(x, Math.min(K, shape.at(axis) as number), { shape, axis }).indices),
    passes: ["max"],
    per: (classes) => Math.min(K, classes),
  },
  {
    name: "entropy",
    title: "entropy",
    form: "rows",
    x: "probabilities",
    result: "fresh",
    work: "exp",
    kernels: (k, { shape, axis, x }) => k.entropy(x, { shape, axis }),
    rival: reductions.entropy,
    reference: ({ shape, axis, x }) => array(reference.entropy(x, { shape, axis })),
    passes: ["log", "dot"],
    terms: () => 1,
  },
  divergence("crossEntropy", ["log", "dot"]),
  divergence("klDivergence", ["divide", "log", "dot"]),
  divergence("jensenShannon", ["divide", "log", "log", "dot", "dot"]),
  mapElements("sigmoid", "logits", ["exp", "divide"]),
  mapElements("logSigmoid", "logits", ["exp", "log1p"]),
  mapElements("softplus", "logits", ["exp", "log1p"]),
  mapElements("logit", "unit", ["divide", "log"], () => 1),
  lossElements("sigmoidCrossEntropy", (k, { x, y, output }) => k.sigmoidCrossEntropy(x, y, { grad: output }).loss, [
    "exp",
    "divide",
    "log1p",
    "combine",
  ]),
  lossElements("sigmoidFocalLoss", (k, { x, y, output }) => k.sigmoidFocalLoss(x, y, { grad: output }).loss, [
    "exp",
    "divide",
    "log1p",
    "combine",
  ]),
  {
    name: "binaryCrossEntropy",
    title: "binaryCrossEntropy",
    form: "elements",
    x: "unit",
    y: "unit",
    result: "fresh",
    work: "exp",
    kernels: (k, { x, y }) => k.binaryCrossEntropy(x, y),
    rival: sigmoids.binaryCrossEntropy,
    reference: ({ x, y }) => array(reference.binaryCrossEntropy(x, y)),
    passes: ["log", "log1p", "combine"],
    terms: () => 1,
  },
];
