import { expect, it } from "vitest";
import { describeEachBackend } from "../support/backends.js";
import { expectSameBits } from "../support/ulp.js";

/** A row that one tile holds, and one that none does. */
const LENGTHS = [3, 65_537];

const CASES = [
  ["a label without a rival", {}],
  ["a label of weight 0", { weight: 0 }],
  ["a negative upstream gradient", { gradOutput: -1 }],
] as const;

describeEachBackend("a gradient of zero at the label", (backend) => {
  const lengths = LENGTHS.filter((length) => backend.affords(length));

  it.each(CASES)("is +0 wherever the row lies and however it is computed: %s", (_, given) => {
    for (const length of lengths) {
      const { k } = backend;
      const x = new Float32Array(length).fill(Number.NEGATIVE_INFINITY);
      x[1] = 2;
      const { weight, ...rest } = { weight: 1, ...given };
      const classWeights = new Float32Array(length).fill(weight);
      const options = { shape: [1, length], reduction: "sum", classWeights, ...rest } as const;
      const alone = k.softmaxCrossEntropy(x, [1], { ...options, grad: true }).grad;
      expect(alone[1]).toBe(0);
      const place = k.alloc([1, length]).set(x);
      k.softmaxCrossEntropy(place, [1], { ...options, grad: place });
      expectSameBits(place.data, alone, `resident, ${length}`);
      place.free();
      const more = k.softmaxCrossEntropy(x, [1], { ...options, logSumExp: true, correct: true, grad: true });
      expectSameBits(more.grad, alone, `with more results, ${length}`);
      const state = k.logSumExpState(1).add(x);
      const shard = k.softmaxCrossEntropy(x, [1], { ...options, state, start: 0, grad: true });
      expectSameBits(shard.grad, alone, `by a state, ${length}`);
    }
  });
});
