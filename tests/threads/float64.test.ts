import { afterAll, describe, expect, it } from "vitest";
import { NODE_BYTES, STATE_NODE } from "../../src/backend/backend.js";
import { Context } from "../../src/context.js";
import { Arena } from "../../src/memory.js";
import { Threads } from "../../src/threads/index.js";
import { spawner } from "../../src/threads/platform.js";
import { binaryOf } from "../support/backends.js";
import { spread } from "../support/samples.js";
import { callShared } from "../support/sharing.js";
import { EAGER, WORKER } from "../support/threads.js";
import { expectSameBits } from "../support/ulp.js";

/** What kernels give in float64: rounded to a float32 loss, sums that were added up in another order mostly look the same. */

const MEMORY = 64 << 20;

const threads = new Threads("simd", new WebAssembly.Module(binaryOf("simd-shared")), MEMORY, EAGER);
await threads.start(2, await spawner(WORKER));
const arena = new Arena(threads.engine.memory, threads.engine.kernels.heapBase(), MEMORY);
const context = new Context(threads.engine, arena, threads);
afterAll(() => threads.dispose());

type Kernels = typeof context.kernels;

const { work } = context;
const { state, secondState, maxima, exponentials: e, pair, pairRoom } = work;

/** Numbers from 0 to 1 in linear memory. */
function put(length: number, seed: number): number {
  const address = arena.allocate(length * 4).start;
  arena.f32.set(spread(length, seed, 0, 1), address >>> 2);
  return address;
}

describe("on several threads kernels return the float64 sum that one returns", () => {
  const length = 3 * 2048 + 7;
  const [x, t, weights, positive, grad, losses] = [1, 2, 3, 4, 5, 6].map((seed) => put(length, seed));

  const hard = put(length, 10);
  for (let i = hard >>> 2; i < (hard >>> 2) + length; i++) arena.f32[i] = Math.round(arena.f32[i]);

  const sums: Record<string, (k: Kernels, n: number, start: number) => number> = {
    sum: (k, n, start) => k.sum(x, n, start),
    dot: (k, n, start) => k.dot(x, t, n, start),
    sigmoidCrossEntropy: (k, n, start) => k.sigmoidCrossEntropy(x, t, grad, e, n, 1, start),
    sigmoidCrossEntropyGeneral: (k, n, start) =>
      k.sigmoidCrossEntropyGeneral(x, t, weights, positive, grad, losses, e, n, 0.1, 1, start),
    sigmoidFocalLoss: (k, n, start) => k.sigmoidFocalLoss(x, t, grad, losses, e, n, 0.25, 2, 1, start),
    "binaryCrossEntropy, targets 0 and 1": (k, n, start) => k.binaryCrossEntropy(x, hard, grad, 0, e, n, 1, 1, start),
    binaryCrossEntropy: (k, n, start) => k.binaryCrossEntropy(x, t, grad, losses, e, n, 1, 1, start),
  };

  it.each(Object.keys(sums))("%s", (name) => {
    const sum = sums[name];
    for (let n = length - 16; n <= length; n++) {
      for (const start of [0, 0.1, 1000 / 3]) {
        const expected = sum(context.alone.kernels, n, start);
        callShared(threads, true, () => expect(sum(context.kernels, n, start), `${n} from ${start}`).toBe(expected));
      }
    }
  });
});

describe("on several threads kernels write the float64 losses of rows that one writes", () => {
  const shapes = [
    [300, 7],
    [90, 67],
    [40, 2051],
    [3, 8195],
  ] as const;
  const length = Math.max(...shapes.map(([rows, cols]) => rows * cols));
  const most = Math.max(...shapes.map(([rows]) => rows));
  const [x, t, grad] = [7, 8, 9].map((seed) => put(length, seed));
  const [labels, scales, spikes, losses, lses] = [4, 8, 8, 8, 8].map((bytes) => arena.allocate(most * bytes).start);
  const { i32, f64 } = arena;
  for (let row = 0; row < most; row++) {
    i32[(labels >>> 2) + row] = row % 7;
    f64[(scales >>> 3) + row] = 1 / (1 + row);
    f64[(spikes >>> 3) + row] = 1 / (2 + row);
  }

  type Run = (k: Kernels, rows: number, cols: number) => void;

  const dense =
    (base: number, zLoss: number): Run =>
    (k, rows, cols) =>
      // biome-ignore format: in the groups of the kernel's contract
      k.softmaxCrossEntropyGeneral(x, base, base && cols * 4, labels, spikes, scales, zLoss, grad, losses, lses, rows, cols, state, maxima, e);

  const kernels: Record<string, Run> = {
    softmaxCrossEntropy: (k, rows, cols) =>
      k.softmaxCrossEntropy(x, grad, labels, scales, 0, losses, rows, cols, state, maxima, e),
    "softmaxCrossEntropy without a gradient": (k, rows, cols) =>
      k.softmaxCrossEntropy(x, 0, labels, 0, 1, losses, rows, cols, state, maxima, e),
    "softmaxCrossEntropyGeneral, dense": dense(t, 0),
    "softmaxCrossEntropyGeneral, z-loss": dense(0, 0.1),
    softmaxKlDivergence: (k, rows, cols) =>
      k.softmaxKlDivergence(x, t, grad, scales, losses, rows, cols, state, secondState, pair, pairRoom),
    entropy: (k, rows, cols) => k.entropy(x, e, rows, cols, losses),
    crossEntropy: (k, rows, cols) => k.crossEntropy(x, t, grad, e, rows, cols, 1, losses),
    klDivergence: (k, rows, cols) => k.klDivergence(x, t, grad, e, rows, cols, 1, losses),
    jensenShannon: (k, rows, cols) => k.jensenShannon(x, t, grad, e, rows, cols, 1, losses),
  };

  it.each(Object.keys(kernels))("%s", (name) => {
    const run = kernels[name];
    for (const [rows, cols] of shapes) {
      const results = (k: Kernels) => {
        for (const address of [losses, lses]) f64.fill(Number.NaN, address >>> 3, (address >>> 3) + rows);
        arena.f32.fill(Number.NaN, grad >>> 2, (grad >>> 2) + rows * cols);
        run(k, rows, cols);
        const doubles = [losses, lses].map((address) => f64.slice(address >>> 3, (address >>> 3) + rows));
        return { doubles, grad: arena.f32.slice(grad >>> 2, (grad >>> 2) + rows * cols) };
      };
      const expected = results(context.alone.kernels);
      expect(expected.doubles[0].some(Number.isNaN), "one thread writes a loss of each row").toBe(false);
      callShared(threads, true, () => {
        const got = results(context.kernels);
        expect(got.doubles, `${rows} × ${cols}`).toEqual(expected.doubles);
        expectSameBits(got.grad, expected.grad, `gradient, ${rows} × ${cols}`);
      });
    }
  });
});

describe("on several threads kernels over columns leave the float64 sums of a row that one leaves", () => {
  const lengths = [2049, 8195, 24_577, 140_001];
  const most = lengths[lengths.length - 1];
  const [x, t, out] = [11, 12, 13].map((seed) => put(most, seed));

  type Run = (k: Kernels, n: number) => void;

  const kernels: Record<string, Run> = {
    accumulate: (k, n) => k.accumulate(state, maxima, x, out, n, true),
    "accumulate, not split": (k, n) => k.accumulate(state, maxima, x, out, n, false),
    accumulateSums: (k, n) => k.accumulateSums(state, x, e, n),
    accumulateDense: (k, n) => k.accumulateDense(state, maxima, x, t, out, true, n),
    "accumulateDense, exponentials not kept": (k, n) => k.accumulateDense(state, maxima, x, t, e, false, n),
    klAccumulate: (k, n) => k.klAccumulate(state, secondState, x, t, e, n),
    klApply: (k, n) => {
      k.klAccumulate(state, secondState, x, t, e, n);
      k.finish(state);
      k.finish(secondState);
      arena.f64.fill(0, work.values >>> 3, (work.values >>> 3) + 2);
      k.klApply(state, secondState, x, t, out, e, n, 0.1, work.values);
    },
  };

  /** Of both rows the first node, and the two sums of klApply. */
  const sums = (): number[] =>
    [state + STATE_NODE, secondState + STATE_NODE, work.values].flatMap((address, i) => {
      const doubles = i < 2 ? NODE_BYTES / 8 : 2;
      return [...arena.f64.subarray(address >>> 3, (address >>> 3) + doubles)];
    });

  it.each(Object.keys(kernels))("%s", (name) => {
    for (const n of lengths) {
      const results = (k: Kernels) => {
        arena.f64.fill(0, state >>> 3, (state + STATE_NODE + NODE_BYTES) >>> 3);
        arena.f64.fill(0, secondState >>> 3, (secondState + STATE_NODE + NODE_BYTES) >>> 3);
        k.begin(state);
        k.begin(secondState);
        kernels[name](k, n);
        if (name !== "klApply") for (const row of [state, secondState]) k.finish(row);
        return { sums: sums(), out: arena.f32.slice(out >>> 2, (out >>> 2) + n) };
      };
      const expected = results(context.alone.kernels);
      callShared(threads, true, () => {
        const got = results(context.kernels);
        expect(got.sums, `${n} columns`).toEqual(expected.sums);
        expectSameBits(got.out, expected.out, `${n} columns`);
      });
    }
  });
});
