// linearSoftmaxCrossEntropy in TensorFlow.js's wasm kernels, gradients composed by hand.

import * as tf from "@tensorflow/tfjs-core";
import { exchangeNext } from "../exchange.js";
import { open as start } from "../tensorflow.js";

export async function open() {
  await start();
  return { prepare };
}

/**
 * Its fast product (XNNPACK's) transposes nothing, and keeps what it has packed of a right-hand operand as long as that
 * lives. So weights lie as [D, C], which asks for the fewest transpositions: of the features and, for their gradient, of the
 * weights. They are a new tensor in each call, as an optimizer would hand them over, or they would be packed only once; the
 * copy that makes it is little beside the products. Sums over positions are a product with ones, with the gradient that is
 * packed already.
 */
async function prepare({ size, features, weights, bias, labels }) {
  const [n, depth, classes] = size;
  const x = tf.tensor(features, [n, depth]);
  const given = tf.tidy(() => tf.transpose(tf.tensor(weights, [classes, depth])).dataSync());
  const changing = given.slice();
  const b = tf.tensor(bias);
  const places = tf.tensor2d(
    Array.from(labels, (label, row) => [row, label]),
    [n, 2],
    "int32",
  );
  const shares = tf.fill([1, n], 1 / n);
  const share = tf.scalar(1 / n);
  const one = tf.scalar(1);
  const compute = (transposed) => {
    const w = tf.tensor(transposed, [depth, classes]);
    const logits = tf.fused.matMul({ a: x, b: w, bias: b });
    const p = tf.softmax(logits);
    logits.dispose();
    const hits = tf.gatherND(p, places);
    const loss = tf.neg(tf.mean(tf.log(hits)));
    const g = tf.tensorScatterUpdate(p, places, tf.sub(hits, one));
    p.dispose();
    const toFeatures = tf.mul(tf.matMul(g, tf.transpose(w)), share);
    const toWeights = tf.matMul(tf.mul(tf.transpose(x), share), g);
    return { loss, features: toFeatures, weights: toWeights, bias: tf.matMul(shares, g) };
  };
  let at = 0;
  return {
    call: () => {
      at = exchangeNext(changing, at);
      return tf.tidy(() => compute(changing).loss.dataSync()[0]);
    },
    result: () => {
      // Out of tidy by a variable: tidy looks through whatever it returns, element by element.
      let found;
      tf.tidy(() => {
        const made = compute(given);
        const array = (tensor) => tensor.dataSync();
        const toWeights = array(tf.transpose(made.weights));
        found = {
          loss: array(made.loss)[0],
          features: array(made.features),
          weights: toWeights,
          bias: array(made.bias),
        };
      });
      return found;
    },
    free: () => tf.dispose([x, b, places, shares, share, one]),
  };
}
