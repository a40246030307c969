// linearSoftmaxCrossEntropy as a whole, loss and all gradients, in rounds in which everybody takes a turn. Who fails, disagrees
// or takes long is left out, and the reason is said.

import type { Xentropy } from "xentropy";
import { normal, uniform } from "../src/cli/random.js";
import { firstLine } from "./errors.js";
import { type Size, unfused } from "./linear-kernels.js";
import { quantile } from "./record.js";

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
  /** Computes the loss, which it returns, and the gradients. */
  call(): number | Promise<number>;
  /** All of them, read out. */
  result(): LinearResult | Promise<LinearResult>;
  free(): unknown;
}

export interface LinearContender {
  readonly name: string;
  prepare(problem: LinearProblem): Promise<LinearCall>;
}

export interface Rounds {
  readonly rounds: number;
  /** Milliseconds for which each contender runs before it is timed, so that the engine has compiled all. */
  readonly warmUp: number;
  /** Calls are repeated until each of their products makes so many multiply-adds, in each round. */
  readonly work: number;
}

/** Relative: of the loss, and of each gradient the norm of the difference. Other libraries sum rows in float32. */
export const TOLERANCE = 1e-5;

/** Milliseconds that a call may take. */
export const LIMIT = 20_000;

/** The fused call on resident batches. */
export function fused(k: Xentropy): LinearContender {
  const prepare = async ({ size: [n, depth, classes], ...given }: LinearProblem): Promise<LinearCall> => {
    const x = k.alloc([n, depth]).set(given.features);
    const w = k.alloc([classes, depth]).set(given.weights);
    const bias = k.alloc([classes]).set(given.bias);
    const grad = { features: k.alloc([n, depth]), weights: k.alloc([classes, depth]), bias: k.alloc([classes]) };
    const call = () => k.linearSoftmaxCrossEntropy(x, w, given.labels, { bias, grad }).loss;
    return {
      call,
      result: () => {
        const loss = call();
        return { loss, features: grad.features.data, weights: grad.weights.data, bias: grad.bias.data };
      },
      free: () => {
        for (const batch of [x, w, bias, ...Object.values(grad)]) batch.free();
      },
    };
  };
  return { name: `fused, ${k.backend}`, prepare };
}

/** A product, softmaxCrossEntropy and two products by the same kernels, with all logits in memory. */
export function held(backend: string): LinearContender {
  const prepare = async ({ size, ...given }: LinearProblem): Promise<LinearCall> => {
    const { call, result } = unfused(backend, size, given.features, given.weights, given.bias, given.labels);
    return { call, result, free: () => undefined };
  };
  return { name: `all held, ${backend}`, prepare };
}

/** Milliseconds of processor time of a call of each that could be measured, by name: the median of the rounds. */
export async function compareCalls(
  problem: LinearProblem,
  contenders: readonly LinearContender[],
  { rounds, warmUp, work }: Rounds,
  leaveOut: (name: string, why: string) => void,
): Promise<Map<string, number>> {
  const [n, depth, classes] = problem.size;
  const repeats = Math.max(1, Math.round(work / (n * depth * classes)));
  const ready = new Map<string, LinearCall>();
  const times = new Map<string, number[]>();
  /** Whatever fails costs its own figures alone. */
  const attempt = async (name: string, step: () => Promise<void>) => {
    try {
      await step();
    } catch (error) {
      leaveOut(name, firstLine(error));
      times.delete(name);
      await release(ready.get(name));
      ready.delete(name);
    }
  };
  let expected: LinearResult | undefined;
  for (const { name, prepare } of contenders) {
    await attempt(name, async () => {
      const entry = await prepare(problem);
      ready.set(name, entry);
      await withinLimit(async () => {
        const result = await entry.result();
        if (expected) mustAgree(result, expected);
        else expected = copyOf(result);
      });
      await withinLimit(async () => void (await entry.call()));
      for (const end = performance.now() + warmUp; performance.now() < end; ) await entry.call();
      times.set(name, []);
    });
  }
  for (let round = 0; round < rounds; round++) {
    const names = [...ready.keys()];
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(turn + round) % names.length];
      const entry = ready.get(name) as LinearCall;
      await attempt(name, async () => {
        const start = process.cpuUsage();
        for (let i = 0; i < repeats; i++) await entry.call();
        const { user, system } = process.cpuUsage(start);
        times.get(name)?.push((user + system) / 1000 / repeats);
      });
    }
  }
  for (const entry of ready.values()) await release(entry);
  return new Map([...times].map(([name, each]) => [name, quantile(each, 0.5)]));
}

async function withinLimit(step: () => Promise<void>): Promise<void> {
  const start = performance.now();
  await step();
  const time = performance.now() - start;
  if (time > LIMIT) throw new Error(`a call takes ${(time / 1000).toFixed(0)} s`);
}

/** What failed may fail again here. */
async function release(entry: LinearCall | undefined): Promise<void> {
  try {
    await entry?.free();
  } catch {}
}

function copyOf({ loss, features, weights, bias }: LinearResult): LinearResult {
  return { loss, features: features.slice(), weights: weights.slice(), bias: bias.slice() };
}

function mustAgree(actual: LinearResult, expected: LinearResult): void {
  if (!(Math.abs(actual.loss - expected.loss) <= TOLERANCE * expected.loss)) {
    throw new Error(`its loss is ${actual.loss}, expected ${expected.loss}`);
  }
  for (const name of ["features", "weights", "bias"] as const) {
    const [a, e] = [actual[name], expected[name]];
    if (a.length !== e.length) throw new Error(`its gradient to the ${name} has ${a.length} elements, not ${e.length}`);
    let difference = 0;
    let norm = 0;
    for (let i = 0; i < e.length; i++) {
      difference += (a[i] - e[i]) ** 2;
      norm += e[i] ** 2;
    }
    const error = Math.sqrt(difference / norm);
    if (!(error <= TOLERANCE)) throw new Error(`its gradient to the ${name} is off by ${error.toExponential(1)}`);
  }
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
