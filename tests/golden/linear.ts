import type { Case } from "./cases.js";
import { Random } from "./inputs.js";

/** Linear classifiers, streams and shards: sizes around blocks, groups and tiles. */

const SIZES = [
  [3, 5, 7],
  [9, 70, 33],
  [5, 130, 2100],
  [600, 3, 11],
  [6, 8, 26_000],
] as const;

export function linearCases(): Case[] {
  return SIZES.flatMap(([n, depth, count]): Case[] => {
    const random = new Random(n + depth + count);
    const features = random.floats(n * depth, -1, 2);
    const weights = random.floats(count * depth, -1, 2);
    const bias = random.floats(count, -1, 2);
    const labels = random.integers(n, count);
    const targets = random.floats(n * count, 0, 1);
    const options = { shape: [n, depth], bias, grad: true } as const;
    const size = `${n} × ${depth} × ${count}`;
    return [
      {
        name: `linearSoftmaxCrossEntropy ${size}`,
        run: (k) => k.linearSoftmaxCrossEntropy(features, weights, labels, options),
      },
      {
        name: `linearSoftmaxCrossEntropy ${size}, softcap and smoothing`,
        run: (k) =>
          k.linearSoftmaxCrossEntropy(features, weights, labels, {
            ...options,
            softcap: 3,
            labelSmoothing: 0.1,
            zLoss: 0.01,
          }),
      },
      {
        name: `linearSigmoidCrossEntropy ${size}`,
        run: (k) => k.linearSigmoidCrossEntropy(features, weights, targets, { ...options, posWeight: 2 }),
      },
    ];
  });
}

export function streamCases(): Case[] {
  const cols = 3 * 2048 + 100;
  const x = new Random(5).floats(cols, -8, 16);
  return [
    {
      name: "logSumExpState: merged shards, their loss and gradient",
      run: (k) => {
        const state = k.logSumExpState(1).add(x.slice(0, 2048));
        const rest = k.logSumExpState(1, { start: 2048 }).add(x.slice(2048, 3000)).add(x.slice(3000));
        state.merge(JSON.parse(JSON.stringify(rest)));
        const { loss, grad } = k.softmaxCrossEntropy(x.slice(2048), [5000], { state, start: 2048, grad: true });
        return { value: state.value(), loss: [loss], grad };
      },
    },
  ];
}
