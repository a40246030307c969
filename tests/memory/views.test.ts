import { expect, it } from "vitest";
import { DtypeError, FreedError, loadSync } from "../../src/index.js";
import { describeEachBackend } from "../support/backends.js";
import { NAMED_CALLS, operandsFor } from "../support/calls.js";

describeEachBackend("a view from data", (backend) => {
  it("is detached once the memory has grown, unless threads share it", () => {
    const k = backend.open();
    const batch = k.alloc([4]).set([1, 2, 3, 4]);
    const view = batch.data;
    k.alloc([k.memory.reserved / 4]);
    expect(batch.toArray()).toEqual(Float32Array.of(1, 2, 3, 4));
    if (backend.threads > 1) {
      view[0] = 9;
      expect(batch.data[0]).toBe(9);
      return;
    }
    expect(view).toHaveLength(0);
    expect(() => k.softmax(view)).toThrow(DtypeError);
  });
});

it("kernels of js whose memory was transferred away say so at every call", () => {
  const k = loadSync({ backend: "js" });
  const batch = k.alloc([2, 3]);
  const state = k.logSumExpState(1).add(Float32Array.of(1, 2));
  structuredClone(batch.data, { transfer: [batch.data.buffer as ArrayBuffer] });
  for (const [, call] of NAMED_CALLS) {
    const { x, beside, shape } = operandsFor(call, 2, 3);
    expect(() => call.run(k, x, beside, { shape }), call.name).toThrow(FreedError);
  }
  for (const use of [
    () => k.alloc([2]),
    () => batch.data,
    () => batch.toArray(),
    () => batch.set([1, 2, 3, 4, 5, 6]),
    () => state.add(Float32Array.of(3)),
    () => state.value(),
  ]) {
    expect(use).toThrow(FreedError);
  }
  k.dispose();
});
