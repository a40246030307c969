// linearSoftmaxCrossEntropy in jax-js: value and gradients by its own differentiation, under jit.

import * as jax from "@jax-js/jax";
import { open as start } from "../jax-js.js";

const { numpy: np, nn } = jax;

export async function open() {
  await start();
  return { prepare };
}

async function prepare({ size, features, weights, bias, labels }) {
  const [n, depth, classes] = size;
  // A one-hot matrix would exhaust the memory at many classes; a comparison makes it as it goes.
  const loss = (x, w, b, y) => {
    const lp = nn.logSoftmax(np.matmul(x, w.transpose()).add(b), 1);
    const hit = y.reshape([n, 1]).equal(np.arange(classes).astype(np.int32).reshape([1, classes]));
    return np
      .where(hit, lp, 0)
      .sum()
      .mul(-1 / n);
  };
  const program = jax.jit(jax.valueAndGrad(loss, { argnums: [0, 1, 2] }));
  const operands = [
    np.array(features).reshape([n, depth]),
    np.array(weights).reshape([classes, depth]),
    np.array(bias),
    np.array(labels, { dtype: np.int32 }),
  ];
  await jax.blockUntilReady(operands.map((operand) => operand.ref));
  const run = () => program(...operands.map((operand) => operand.ref));
  return {
    call: async () => {
      const [loss, gradients] = await jax.blockUntilReady(run());
      for (const gradient of gradients) gradient.dispose();
      return (await loss.data())[0];
    },
    result: async () => {
      const [loss, [toFeatures, toWeights, toBias]] = run();
      return {
        loss: (await loss.data())[0],
        features: await toFeatures.data(),
        weights: await toWeights.data(),
        bias: await toBias.data(),
      };
    },
    free: () => {
      for (const operand of operands) operand.dispose();
    },
  };
}
