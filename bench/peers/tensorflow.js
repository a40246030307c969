// TensorFlow.js on its wasm backend, eager: an operation runs when it is called. Gradients are composed by hand, in fewer
// kernels than its tape would run.

import { fileURLToPath } from "node:url";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { exchangeNext, twoInputs } from "./exchange.js";

export async function open() {
  setWasmPaths(fileURLToPath(new URL("node_modules/@tensorflow/tfjs-backend-wasm/dist/", import.meta.url)));
  await tf.setBackend("wasm");
  await tf.ready();
  return { kind: "wasm", placements: ["foreign", "resident"], prepare };
}

/** x → { output, loss? } in tensors; undefined where it has no such operation. */
function programOf(name, { shape, axis, positions, labels, y }) {
  const last = axis === shape.length - 1;
  // Only the last axis: others are moved there and back.
  const order = shape.map((_, i) => i);
  [order[axis], order[shape.length - 1]] = [order[shape.length - 1], order[axis]];
  const along = (f) => (last ? f : (x) => tf.transpose(f(tf.transpose(x, order)), order));
  const share = tf.scalar(1 / positions);
  switch (name) {
    case "softmax":
      return { run: along((x) => tf.softmax(x)), fixed: [] };
    case "logSoftmax":
      return { run: along((x) => tf.logSoftmax(x)), fixed: [] };
    case "logSumExp":
      return { run: (x) => tf.logSumExp(x, axis), fixed: [] };
    case "sigmoid":
      return { run: (x) => tf.sigmoid(x), fixed: [] };
    case "softmaxCrossEntropy": {
      if (!last) return undefined;
      const hits = new Float32Array(positions * shape[axis]);
      for (let row = 0; row < positions; row++) hits[row * shape[axis] + labels[row]] = 1 / positions;
      const spikes = tf.tensor(hits, shape);
      const run = (x) => {
        const lp = tf.logSoftmax(x);
        return { output: tf.sub(tf.mul(tf.exp(lp), share), spikes), loss: tf.neg(tf.sum(tf.mul(lp, spikes))) };
      };
      return { run, fixed: [spikes] };
    }
    case "sigmoidCrossEntropy": {
      const t = tf.tensor(y, shape);
      const run = (x) => {
        const losses = tf.sub(tf.softplus(x), tf.mul(x, t));
        return { output: tf.mul(tf.sub(tf.sigmoid(x), t), share), loss: tf.mul(tf.sum(losses), share) };
      };
      return { run, fixed: [t] };
    }
    default:
      return undefined;
  }
}

async function prepare({ name }, problem, placement) {
  const { shape } = problem;
  const program = programOf(name, problem);
  if (!program) return undefined;
  const compute = (x) => {
    const made = program.run(x);
    return made.output ? made : { output: made };
  };
  // Out of tidy by a variable: tidy looks through whatever it returns, element by element.
  let array;
  let loss = 0;
  const read = (x) => {
    tf.tidy(() => {
      const made = compute(tf.tensor(x, shape));
      array = made.output.dataSync();
      if (made.loss) loss = made.loss.dataSync()[0];
    });
  };
  const result = () => {
    read(problem.x);
    return { loss, array };
  };
  if (placement === "foreign") {
    const x = problem.x.slice();
    let at = 0;
    const call = () => {
      at = exchangeNext(x, at);
      read(x);
      return array[0] + loss;
    };
    return { call, result, free: () => tf.dispose(program.fixed) };
  }
  const inputs = twoInputs(problem.x).map((x) => tf.tensor(x, shape));
  let turn = 0;
  const call = () => {
    turn = 1 - turn;
    return tf.tidy(() => {
      const made = compute(inputs[turn]);
      return made.loss ? made.loss.dataSync()[0] : 0;
    });
  };
  return { call, result, free: () => tf.dispose([...inputs, ...program.fixed]) };
}
