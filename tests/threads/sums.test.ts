import { afterAll, describe, expect, it } from "vitest";
import { Context } from "../../src/context.js";
import { Arena } from "../../src/memory.js";
import { Threads } from "../../src/threads/index.js";
import { spawner } from "../../src/threads/platform.js";
import { binaryOf } from "../support/backends.js";
import { spread } from "../support/samples.js";
import { callShared } from "../support/sharing.js";
import { EAGER, WORKER } from "../support/threads.js";

/** The float64 sums of kernels: rounded to a float32 loss, one that was added up in another order mostly looks the same. */

const MEMORY = 64 << 20;
const LENGTH = 3 * 2048 + 7;

const threads = new Threads("simd", new WebAssembly.Module(binaryOf("simd-shared")), MEMORY, EAGER);
await threads.start(2, await spawner(WORKER));
const arena = new Arena(threads.engine.memory, threads.engine.kernels.heapBase(), MEMORY);
const context = new Context(threads.engine, arena, threads);
afterAll(() => threads.dispose());

const { work } = context;
const e = work.exponentials;

/** Numbers from 0 to 1 in linear memory. */
function put(seed: number): number {
  const address = arena.allocate(LENGTH * 4);
  arena.f32.set(spread(LENGTH, seed, 0, 1), address >>> 2);
  return address;
}

const [x, t, weights, positive] = [1, 2, 3, 4].map(put);
const [grad, losses] = [put(5), put(6)];

type Kernels = typeof context.kernels;

const SUMS: Record<string, (k: Kernels, n: number, start: number) => number> = {
  sum: (k, n, start) => k.sum(x, n, start),
  dot: (k, n, start) => k.dot(x, t, n, start),
  sigmoidCrossEntropy: (k, n, start) => k.sigmoidCrossEntropy(x, t, grad, e, n, 1, start),
  sigmoidCrossEntropyGeneral: (k, n, start) =>
    k.sigmoidCrossEntropyGeneral(x, t, weights, positive, grad, losses, e, n, 0.1, 1, start),
  sigmoidFocalLoss: (k, n, start) => k.sigmoidFocalLoss(x, t, grad, losses, e, n, 0.25, 2, 1, start),
  binaryCrossEntropy: (k, n, start) => k.binaryCrossEntropy(x, t, grad, losses, e, n, 1, 1, start),
};

describe("on several threads kernels give the float64 sum that one gives", () => {
  it.each(Object.keys(SUMS))("%s", (name) => {
    const sum = SUMS[name];
    for (let n = LENGTH - 16; n <= LENGTH; n++) {
      for (const start of [0, 0.1, 1000 / 3]) {
        const expected = sum(context.alone.kernels, n, start);
        callShared(threads, true, () => expect(sum(context.kernels, n, start), `${n} from ${start}`).toBe(expected));
      }
    }
  });
});
