// linearSoftmaxCrossEntropy in ONNX Runtime's native form. Its inference build has no gradients: the graph spells them out.

import ort from "onnxruntime-node";
import { exchangeNext } from "../exchange.js";
import { model } from "../onnx.js";
import { OPTIONS } from "../onnxruntime-node.js";

export async function open() {
  return { prepare };
}

/** p − onehot is p with 1 taken off at the labels; the mean's share goes into the products. */
function modelOf([n, depth, classes]) {
  const share = Float32Array.of(1 / n);
  return model({
    nodes: [
      ["Gemm", ["x", "w", "b"], ["logits"], { transB: 1 }],
      ["Softmax", ["logits"], ["p"], { axis: 1 }],
      ["GatherElements", ["p", "places"], ["hits"], { axis: 1 }],
      ["Log", ["hits"], ["logs"]],
      ["ReduceMean", ["logs"], ["mean"], { keepdims: 0 }],
      ["Neg", ["mean"], ["loss"]],
      ["ScatterElements", ["p", "places", "spikes"], ["g"], { axis: 1, reduction: "add" }],
      ["Gemm", ["g", "w"], ["features"], { alpha: share }],
      ["Gemm", ["g", "x"], ["weights"], { transA: 1, alpha: share }],
      ["ReduceSum", ["g", "axes"], ["sums"], { keepdims: 0 }],
      ["Mul", ["sums", "share"], ["bias"]],
    ],
    inputs: {
      x: ["float32", [n, depth]],
      w: ["float32", [classes, depth]],
      b: ["float32", [classes]],
      places: ["int64", [n, 1]],
    },
    outputs: {
      loss: ["float32", []],
      features: ["float32", [n, depth]],
      weights: ["float32", [classes, depth]],
      bias: ["float32", [classes]],
    },
    constants: {
      spikes: [new Float32Array(n).fill(-1), [n, 1]],
      axes: [BigInt64Array.of(0n), [1]],
      share: [share, []],
    },
  });
}

async function prepare({ size, features, weights, bias, labels }) {
  const [n, depth, classes] = size;
  const session = await ort.InferenceSession.create(modelOf(size), OPTIONS);
  const tensor = (array, dims) => new ort.Tensor("float32", array, dims);
  // Native code reads a JavaScript array where it lies.
  const changing = weights.slice();
  const feeds = {
    x: tensor(features, [n, depth]),
    w: tensor(changing, [classes, depth]),
    b: tensor(bias, [classes]),
    places: new ort.Tensor("int64", BigInt64Array.from(labels, BigInt), [n, 1]),
  };
  const empty = (...dims) => tensor(new Float32Array(dims.reduce((a, b) => a * b, 1)), dims);
  const fetches = {
    loss: empty(),
    features: empty(n, depth),
    weights: empty(classes, depth),
    bias: empty(classes),
  };
  const run = () => session.run(feeds, fetches);
  let at = 0;
  return {
    call: async () => {
      at = exchangeNext(changing, at);
      return (await run()).loss.data[0];
    },
    result: async () => {
      changing.set(weights);
      const made = await run();
      const array = (name) => made[name].data;
      return { loss: array("loss")[0], features: array("features"), weights: array("weights"), bias: array("bias") };
    },
    free: () => session.release(),
  };
}
