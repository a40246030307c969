// linearSoftmaxCrossEntropy in jax-js: value and gradients by its own differentiation, under jit.

import * as jax from "@jax-js/jax";
import { twoInputs } from "../exchange.js";
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
  const x = np.array(features).reshape([n, depth]);
  const both = twoInputs(weights).map((w) => np.array(w).reshape([classes, depth]));
  const beside = [np.array(bias), np.array(labels, { dtype: np.int32 })];
  const operands = [x, ...both, ...beside];
  await jax.blockUntilReady(operands.map((operand) => operand.ref));
  const run = (w) => program(...[x, w, ...beside].map((operand) => operand.ref));
  let turn = 0;
  return {
    call: async () => {
      turn = 1 - turn;
      const [loss, gradients] = await jax.blockUntilReady(run(both[turn]));
      for (const gradient of gradients) gradient.dispose();
      return (await loss.data())[0];
    },
    result: async () => {
      const [loss, [toFeatures, toWeights, toBias]] = run(both[0]);
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
