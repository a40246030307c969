// ONNX Runtime in both its forms. A session for each case; tensors wrap the arrays. The native one uses inputs in place and
// writes into preallocated outputs; the web one always copies both ways.

import { exchangeNext } from "./exchange.js";
import { modelOf } from "./onnx.js";

/** prepare() for a runtime: `preallocated` says that outputs may be given. */
export function prepareWith(ort, options, preallocated) {
  return async ({ name }, problem) => {
    const model = modelOf(name, problem);
    if (!model) return undefined;
    const session = await ort.InferenceSession.create(model, options);
    const { shape, axis } = problem;
    const x = problem.x.slice();
    const feeds = { x: new ort.Tensor("float32", x, shape) };
    if (session.inputNames.includes("y")) feeds.y = new ort.Tensor("float32", problem.y.slice(), shape);
    if (session.inputNames.includes("labels")) {
      const labels = BigInt64Array.from(problem.labels, BigInt);
      feeds.labels = new ort.Tensor("int64", labels, [labels.length]);
      feeds.places = new ort.Tensor("int64", labels, [labels.length, 1]);
    }
    const fetches = {};
    if (preallocated) {
      const dims = name === "logSumExp" ? shape.filter((_, i) => i !== axis) : shape;
      const size = dims.reduce((a, b) => a * b, 1);
      fetches.output = new ort.Tensor("float32", new Float32Array(size), dims);
      if (session.outputNames.includes("loss")) fetches.loss = new ort.Tensor("float32", new Float32Array(1), []);
    }
    const run = () => (preallocated ? session.run(feeds, fetches) : session.run(feeds));
    let at = 0;
    return {
      asynchronous: true,
      call: async () => {
        at = exchangeNext(x, at);
        const { output, loss } = await run();
        return output.data[0] + (loss ? loss.data[0] : 0);
      },
      result: async () => {
        x.set(problem.x);
        const { output, loss } = await run();
        return { loss: loss ? loss.data[0] : 0, array: output.data.slice() };
      },
      free: () => session.release(),
    };
  };
}
