// Who computes linearSoftmaxCrossEntropy, loss and all gradients, and on what. linear-compare.ts times them.

import type { Xentropy } from "xentropy";
import { normal, uniform } from "../src/cli/random.js";
import { exchangeNext } from "./exchange.js";
import { Held } from "./linear-held.js";
import type { Size } from "./linear-kernels.js";

export interface LinearProblem {
  readonly size: Size;
  /** [N, D] */
  readonly features: Float32Array;
  /** [C, D] */
  readonly weights: Float32Array;
  readonly bias: Float32Array;
  readonly labels: Int32Array;
}

/** The loss, and its gradients in the layouts of what they belong to. */
export interface LinearResult {
  readonly loss: number;
  readonly features: Float32Array;
  readonly weights: Float32Array;
  readonly bias: Float32Array;
}

/** A contender made ready for a problem; everything is where it is fastest, results stay there. */
export interface LinearCall {
  /**
   * Exchanges a pair of weights, as a step of training changes them, so that nothing of the last call can be used again;
   * computes the loss, which it returns, and the gradients.
   */
  call(): number | Promise<number>;
  /** The same with the weights that were given, read out. */
  result(): LinearResult | Promise<LinearResult>;
  free(): unknown;
}

export interface LinearContender {
  readonly name: string;
  /** Whether it is ours to get right. */
  readonly own?: boolean;
  prepare(problem: LinearProblem): Promise<LinearCall>;
}

/** The fused call on resident batches. */
export function fused(k: Xentropy): LinearContender {
  const prepare = async ({ size: [n, depth, classes], ...given }: LinearProblem): Promise<LinearCall> => {
    const x = k.alloc([n, depth]).set(given.features);
    const w = k.alloc([classes, depth]).set(given.weights);
    const bias = k.alloc([classes]).set(given.bias);
    const grad = { features: k.alloc([n, depth]), weights: k.alloc([classes, depth]), bias: k.alloc([classes]) };
    const compute = () => k.linearSoftmaxCrossEntropy(x, w, given.labels, { bias, grad }).loss;
    let at = 0;
    return {
      call: () => {
        at = exchangeNext(w.data, at);
        return compute();
      },
      result: () => {
        w.set(given.weights);
        const loss = compute();
        return { loss, features: grad.features.data, weights: grad.weights.data, bias: grad.bias.data };
      },
      free: () => {
        for (const batch of [x, w, bias, ...Object.values(grad)]) batch.free();
      },
    };
  };
  return { name: `fused, ${k.backend}`, own: true, prepare };
}

/** A product, softmaxCrossEntropy and two products by the same kernels, with all logits in memory. */
export function held(backend: string): LinearContender {
  const prepare = async (problem: LinearProblem): Promise<LinearCall> => {
    const layer = new Held(backend, problem);
    let at = 0;
    return {
      call: () => {
        at = exchangeNext(layer.weights, at);
        return layer.call();
      },
      result: () => {
        layer.weights.set(problem.weights);
        return layer.result();
      },
      free: () => undefined,
    };
  };
  return { name: `all held, ${backend}`, own: true, prepare };
}

export function linearProblem(size: Size): LinearProblem {
  const [n, depth, classes] = size;
  const random = uniform(n + depth + classes);
  const gauss = normal(random);
  const some = Float32Array.from({ length: 65_537 }, gauss);
  const scale = 1 / Math.sqrt(depth);
  return {
    size,
    features: Float32Array.from({ length: n * depth }, (_, i) => some[i % 65_537]),
    weights: Float32Array.from({ length: classes * depth }, (_, i) => scale * some[(i * 7) % 65_537]),
    bias: Float32Array.from({ length: classes }, (_, i) => 0.1 * some[(i * 3) % 65_537]),
    labels: Int32Array.from({ length: n }, () => Math.floor(random() * classes)),
  };
}
