// Operations element by element, a row each; add rows.

import * as reference from "xentropy/reference";
import { arrayAlone, lossAndGrad, NO_LOSS, type Operation } from "./operation.js";
import * as sigmoids from "./rivals/sigmoid.js";

function mapElements(
  name: "sigmoid" | "logSigmoid" | "softplus" | "logit",
  given: Pick<Operation, "x" | "rival" | "passes" | "terms">,
  judge: typeof reference.sigmoid,
): Operation {
  return {
    name,
    title: name,
    form: "elements",
    result: "output",
    work: "exp",
    kernels: (k, { x, output }) => {
      k[name](x, { out: output });
      return NO_LOSS;
    },
    reference: ({ x }) => arrayAlone(judge(x)),
    ...given,
  };
}

function lossElements(given: Pick<Operation, "name" | "kernels" | "rival" | "reference">): Operation {
  return {
    title: `${given.name} with gradient`,
    form: "elements",
    x: "logits",
    y: "soft targets",
    result: "output",
    work: "exp",
    passes: ["exp", "divide", "log1p", "combine"],
    terms: (_, __, positions) => 1 / positions,
    ...given,
  };
}

const binaryCrossEntropy: Operation = {
  ...lossElements({
    name: "binaryCrossEntropy",
    kernels: (k, { x, y, output }) => k.binaryCrossEntropy(x, y, { grad: output, reduction: "mean" }).loss,
    rival: sigmoids.binaryCrossEntropy,
    reference: ({ x, y }) => lossAndGrad(reference.binaryCrossEntropy(x, y, { grad: true, reduction: "mean" })),
  }),
  x: "unit",
  passes: ["log", "log1p", "divide", "combine"],
};

export const elementOperations: readonly Operation[] = [
  mapElements("sigmoid", { x: "logits", rival: sigmoids.sigmoid, passes: ["exp", "divide"] }, reference.sigmoid),
  mapElements(
    "logSigmoid",
    { x: "logits", rival: sigmoids.logSigmoid, passes: ["exp", "log1p"] },
    reference.logSigmoid,
  ),
  mapElements("softplus", { x: "logits", rival: sigmoids.softplus, passes: ["exp", "log1p"] }, reference.softplus),
  mapElements(
    "logit",
    { x: "unit", rival: sigmoids.logit, passes: ["divide", "log"], terms: () => 1 },
    reference.logit,
  ),
  lossElements({
    name: "sigmoidCrossEntropy",
    kernels: (k, { x, y, output }) => k.sigmoidCrossEntropy(x, y, { grad: output }).loss,
    rival: sigmoids.sigmoidCrossEntropy,
    reference: ({ x, y }) => lossAndGrad(reference.sigmoidCrossEntropy(x, y, { grad: true })),
  }),
  lossElements({
    name: "sigmoidFocalLoss",
    kernels: (k, { x, y, output }) => k.sigmoidFocalLoss(x, y, { grad: output }).loss,
    rival: sigmoids.sigmoidFocalLoss,
    reference: ({ x, y }) => lossAndGrad(reference.sigmoidFocalLoss(x, y, { grad: true })),
  }),
  binaryCrossEntropy,
  {
    ...binaryCrossEntropy,
    name: "binaryCrossEntropyHard",
    title: "binaryCrossEntropy with gradient, targets 0 and 1",
    y: "hard targets",
  },
];
