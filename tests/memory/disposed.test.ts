import { expect, it } from "vitest";
import type { Xentropy } from "../../src/index.js";
import { BACKENDS, describeEachBackend } from "../support/backends.js";
import { collectGarbage } from "../support/gc.js";
import { openSharing } from "../support/sharing.js";

/** The kernels' memory, as long as somebody keeps it. */
function memoryOf(k: Xentropy): WeakRef<ArrayBufferLike> {
  const batch = k.alloc([1]);
  const memory = new WeakRef(batch.data.buffer);
  batch.free();
  return memory;
}

/** What a program may go on holding: kernels that have been used, a batch and a state. */
function use(k: Xentropy): unknown[] {
  const batch = k.alloc([2, 3]);
  k.softmax(batch, { out: batch });
  k.softmax(new Float32Array(200_000));
  return [k, batch, k.logSumExpState(2).add(batch)];
}

async function expectNoMemory(k: Xentropy): Promise<void> {
  const memory = memoryOf(k);
  const kept = use(k);
  await collectGarbage();
  expect(memory.deref()).toBeDefined();
  k.dispose();
  await collectGarbage();
  expect(memory.deref()).toBeUndefined();
  expect(kept).toHaveLength(3);
}

const NOBODY = "after dispose nobody keeps the memory: neither kernels, nor a batch, nor a state";

describeEachBackend("memory", (backend) => {
  it(NOBODY, () => expectNoMemory(backend.open()));
});

it(`${NOBODY}, with threads`, async () => expectNoMemory((await openSharing()).k));

it("a batch that has been freed keeps no view of the memory", async () => {
  const k = BACKENDS[0].open();
  const batch = k.alloc([2, 3]);
  expect(batch.data).toHaveLength(6);
  batch.free();
  const memory = memoryOf(k);
  k.dispose();
  await collectGarbage();
  expect(memory.deref()).toBeUndefined();
  expect(batch.length).toBe(6);
});
