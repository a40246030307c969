// jax-js on its wasm backend, everything under jit, gradients by its own differentiation. Lazy: results are awaited.

import * as jax from "@jax-js/jax";
import { twoInputs } from "./exchange.js";

const { numpy: np, nn } = jax;

export async function open() {
  // One thread: other libraries bring Worker to Node, where jax-js would start a pool of them.
  Object.defineProperty(globalThis, "Worker", { get: () => undefined, set: () => {}, configurable: true });
  await jax.init("wasm");
  jax.defaultDevice("wasm");
  return { kind: "wasm", placements: ["foreign", "resident"], prepare };
}

function programOf(name, { shape, axis }) {
  switch (name) {
    case "softmax":
      return jax.jit((x) => nn.softmax(x, axis));
    case "logSoftmax":
      return jax.jit((x) => nn.logSoftmax(x, axis));
    case "logSumExp":
      return jax.jit((x) => nn.logsumexp(x, axis));
    case "sigmoid":
      return jax.jit((x) => nn.sigmoid(x));
    case "softmaxCrossEntropy": {
      if (shape.length !== 2 || axis !== 1) return undefined;
      const [rows, classes] = shape;
      // A one-hot matrix would exhaust the memory at many classes; a comparison makes it as it goes.
      const loss = (x, labels) => {
        const lp = nn.logSoftmax(x, 1);
        const hit = labels.reshape([rows, 1]).equal(np.arange(classes).astype(np.int32).reshape([1, classes]));
        return np
          .where(hit, lp, 0)
          .sum()
          .mul(-1 / rows);
      };
      return jax.jit(jax.valueAndGrad(loss));
    }
    case "sigmoidCrossEntropy": {
      const loss = (x, t) => nn.softplus(x.ref).sub(x.mul(t)).mean();
      return jax.jit(jax.valueAndGrad(loss));
    }
    default:
      return undefined;
  }
}

async function prepare({ name }, problem, placement) {
  const { shape } = problem;
  const program = programOf(name, problem);
  if (!program) return undefined;
  const beside =
    name === "softmaxCrossEntropy"
      ? [np.array(problem.labels, { dtype: np.int32 })]
      : name === "sigmoidCrossEntropy"
        ? [np.array(problem.y).reshape(shape)]
        : [];
  await jax.blockUntilReady(beside);
  const place = (x) => np.array(x).reshape(shape);
  const run = (x) => program(x, ...beside.map((operand) => operand.ref));
  const read = async (x) => {
    const made = run(x);
    if (!Array.isArray(made)) return { loss: 0, array: await made.data() };
    const [loss, grad] = made;
    return { loss: (await loss.data())[0], array: await grad.data() };
  };
  const inputs = twoInputs(problem.x);
  const resident = inputs.map(place);
  await jax.blockUntilReady(resident.map((x) => x.ref));
  let turn = 0;
  const call = async () => {
    turn = 1 - turn;
    if (placement === "foreign") {
      const { loss, array } = await read(place(inputs[turn]));
      return loss + array[0];
    }
    const made = await jax.blockUntilReady(run(resident[turn].ref));
    for (const array of Array.isArray(made) ? made : [made]) array.dispose();
    return 0;
  };
  const free = () => {
    for (const array of [...resident, ...beside]) array.dispose();
  };
  return { asynchronous: true, call, result: () => read(place(problem.x)), free };
}
