// numpy-ts has no softmax: it is composed of whole-array operations, as one would in NumPy.

import * as numpy from "numpy-ts";
import { exchangeNext, twoInputs } from "./exchange.js";

export async function open() {
  return { kind: "wasm", placements: ["foreign", "resident"], prepare };
}

/** Arrays made since the last `clear`: the heap of its kernels is fixed, and what isn't disposed of fills it. */
const made = [];

/** Its functions, which remember what they make. */
const np = new Proxy(numpy, {
  get(target, name) {
    const f = target[name];
    return (...given) => {
      const array = f(...given);
      if (typeof array?.dispose === "function") made.push(array);
      return array;
    };
  },
});

function clear() {
  for (const array of made.splice(0)) array.dispose();
}

const place = (x, shape) => np.frombuffer(x, "float32").reshape(...shape);

function programOf(name, { shape, axis, positions, labels, y }) {
  const max = (x) => np.max(x, axis, true);
  switch (name) {
    case "softmax":
      return (x) => {
        const e = np.exp(np.subtract(x, max(x)));
        return { output: np.divide(e, np.sum(e, axis, true)) };
      };
    case "logSoftmax":
      return (x) => {
        const shifted = np.subtract(x, max(x));
        return { output: np.subtract(shifted, np.log(np.sum(np.exp(shifted), axis, true))) };
      };
    case "logSumExp":
      return (x) => {
        const m = max(x);
        return { output: np.add(np.log(np.sum(np.exp(np.subtract(x, m)), axis, true)), m) };
      };
    case "sigmoid":
      return (x) => ({ output: np.reciprocal(np.add(np.exp(np.negative(x)), 1)) });
    case "softmaxCrossEntropy": {
      if (shape.length !== 2 || axis !== 1) return undefined;
      const spikes = new Float32Array(shape[0] * shape[1]);
      for (let row = 0; row < shape[0]; row++) spikes[row * shape[1] + labels[row]] = 1 / positions;
      const hit = place(spikes, shape);
      return (x) => {
        const shifted = np.subtract(x, max(x));
        const lp = np.subtract(shifted, np.log(np.sum(np.exp(shifted), axis, true)));
        const output = np.subtract(np.multiply(np.exp(lp), 1 / positions), hit);
        return { output, loss: -Number(np.sum(np.multiply(lp, hit))) };
      };
    }
    case "sigmoidCrossEntropy": {
      const t = place(y, shape);
      return (x) => {
        const p = np.reciprocal(np.add(np.exp(np.negative(x)), 1));
        const log = np.log1p(np.exp(np.negative(np.absolute(x))));
        const losses = np.subtract(np.add(np.maximum(x, 0), log), np.multiply(x, t));
        return { output: np.multiply(np.subtract(p, t), 1 / positions), loss: Number(np.sum(losses)) / positions };
      };
    }
    default:
      return undefined;
  }
}

async function prepare({ name }, problem, placement) {
  const { shape } = problem;
  const program = programOf(name, problem);
  if (!program) return undefined;
  const x = problem.x.slice();
  const resident = twoInputs(problem.x).map((numbers) => place(numbers, shape));
  // The operands stay; what a call makes goes.
  const kept = made.splice(0);
  let at = 0;
  let turn = 0;
  const call = () => {
    let input;
    if (placement === "foreign") {
      at = exchangeNext(x, at);
      input = place(x, shape);
    } else {
      turn = 1 - turn;
      input = resident[turn];
    }
    const { output, loss = 0 } = program(input);
    const first = placement === "foreign" ? output.data[0] : 0;
    clear();
    return first + loss;
  };
  const result = () => {
    const { output, loss = 0 } = program(place(problem.x, shape));
    const array = Float32Array.from(output.data);
    clear();
    return { loss, array };
  };
  const free = () => {
    for (const array of kept) array.dispose();
  };
  return { call, result, free };
}
