// Options as the fuzzer draws them: each is there half of the time, and valid with the batch.

import type { Layout, Operand } from "./operations.js";
import type { Random } from "./random.js";
import { finite, layerNumbers, weights } from "./values.js";

export type Options = Record<string, unknown>;

/** Each option is there half of the time. */
export function some(random: Random, all: Record<string, () => unknown>): Options {
  const options: Options = {};
  for (const [name, draw] of Object.entries(all)) if (random.oneIn(2)) options[name] = draw();
  return options;
}

/** Positions of a batch along its axis. */
export function positions({ size, classes }: Layout): number {
  return classes === 0 ? 0 : size / classes;
}

const smoothing = (random: Random) => () => random.pick([0, 0.1, 0.5, 1]);
export const temperature = (random: Random) => () => random.pick([1, 0.3, Math.fround(0.3), 2.5, 1e-3, 1e3, 1e6]);

/** Reduction and upstream gradient; `losses` says how many losses there are. */
export function reduction(random: Random, losses: number): Options {
  const options = some(random, { reduction: () => random.pick(["mean", "sum", "none"]), grad: () => true });
  if (random.oneIn(3)) {
    const one = !(options.reduction === "none" && random.oneIn(2));
    options.gradOutput = one ? Math.fround(random.pick([1, -1.75, 1e-3, 1e4])) : finite(random, losses);
  }
  return options;
}

/** Now and then a class is the label that is ignored, where −100 isn't. */
export function ignored(random: Random, { classes }: Layout, labels: ArrayLike<number>): Options {
  return random.oneIn(4) && !Array.from(labels).includes(-100) ? { ignoreIndex: random.below(classes) } : {};
}

/** Options of a loss of labels without a softmax of its own. */
export function labelOptions(random: Random, layout: Layout, [, labels]: readonly Operand[]): Options {
  return {
    ...reduction(random, positions(layout)),
    ...some(random, {
      classWeights: () => weights(random, layout.classes),
      sampleWeights: () => weights(random, positions(layout)),
    }),
    ...ignored(random, layout, labels as Int32Array),
  };
}

export function crossEntropyOptions(random: Random, layout: Layout): Options {
  const count = positions(layout);
  return {
    ...reduction(random, count),
    ...(random.oneIn(2) &&
      some(random, {
        labelSmoothing: smoothing(random),
        classWeights: () => weights(random, layout.classes),
        sampleWeights: () => weights(random, count),
        zLoss: () => random.pick([0, 1e-4, 0.5, 1e3]),
        softcap: () => random.pick([0.01, 5, 30, 1000]),
        temperature: temperature(random),
        logSumExp: () => true,
      })),
  };
}

/** What a shard takes: softmaxCrossEntropy with `state`. */
export function shardOptions(random: Random, layout: Layout, operands: readonly Operand[]): Options {
  return {
    ...labelOptions(random, layout, operands),
    ...some(random, { zLoss: () => random.pick([0, 1e-4, 0.5, 1e3]) }),
  };
}

/** Options of sigmoid cross-entropy; weights for `columns` classes, or one for all. */
export function sigmoidOptions(random: Random, size: number, columns: number): Options {
  const weight = () => random.pick([0, 0.25, 8]);
  return {
    ...reduction(random, size),
    ...some(random, {
      labelSmoothing: smoothing(random),
      posWeight: () => (random.oneIn(4) ? weight() : weights(random, columns)),
      elementWeights: () => (random.oneIn(4) ? weight() : weights(random, size)),
    }),
  };
}

export const unit = (random: Random) => some(random, { unit: () => random.pick(["nats", "bits"]) });

export const divergenceOptions = (random: Random) => ({
  ...unit(random),
  ...some(random, { reduction: () => random.pick(["none", "mean", "sum"]), grad: () => true }),
});

/** Now and then with classes of −Infinity, as a mask has them. */
function masked(random: Random, bias: Float32Array): Float32Array {
  const mask = random.oneIn(4);
  return bias.map((value) => (mask && random.oneIn(3) ? -Infinity : value));
}

export function layerOptions(random: Random, { classes }: Layout): Options {
  const grad = random.oneIn(2)
    ? { grad: true }
    : some(random, { grad: () => some(random, { features: () => true, weights: () => true, bias: () => true }) });
  return { ...grad, ...some(random, { bias: () => masked(random, layerNumbers(random, classes)) }) };
}

/** One axis, or several in any order, some of them counted from the end. */
export function severalAxes(random: Random, { shape, axis }: Layout): Options {
  if (!random.oneIn(2)) return {};
  const axes = shape.map((_, i) => i).filter((i) => i === axis || random.oneIn(2));
  if (random.oneIn(2)) axes.reverse();
  return { axis: axes.map((i) => (random.oneIn(3) ? i - shape.length : i)) };
}
