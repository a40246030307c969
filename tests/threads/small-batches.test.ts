import { describe, expect, it } from "vitest";
import { openWasmSync } from "../../src/backend/wasm.js";
import { loadSync, OverlapError } from "../../src/index.js";
import { Xentropy } from "../../src/kernels.js";
import { Threads } from "../../src/threads/index.js";
import { spawner } from "../../src/threads/platform.js";
import { binaryOf } from "../support/backends.js";
import { NAMED_CALLS, operandsFor, residentBeside } from "../support/calls.js";
import { EAGER, WORKER } from "../support/threads.js";
import { expectSameBits } from "../support/ulp.js";

// What is small wakes nobody. A foreign batch is computed on memory of the caller's own; whatever stands beside it may be
// resident.

const MEMORY = 64 << 20;
const one = loadSync({ backend: "simd" });
const threads = new Threads("simd", new WebAssembly.Module(binaryOf("simd-shared")), MEMORY, {
  ...EAGER,
  worthSharing: 1e9,
  worthWaking: 1e9,
});
await threads.start(1, await spawner(WORKER));
const local = openWasmSync("simd", new WebAssembly.Module(binaryOf("simd")), {
  initial: 4 << 20,
  maximum: MEMORY,
});
const k = new Xentropy(threads.engine, MEMORY, threads, local);

it("small batches have memory of their own", () => {
  expect(k.memory.reserved).toBe(threads.engine.memory.buffer.byteLength + local.memory.buffer.byteLength);
});

it.each(NAMED_CALLS)("%s of a small resident batch wakes nobody", (_, call) => {
  const { x, beside, shape } = operandsFor(call, 5, 7);
  const expected = call.run(one, x, beside, { shape });
  const before = threads.taken;
  for (const second of [beside, residentBeside(k, beside, shape)]) {
    const result = call.run(k, k.alloc(shape).set(x), second, { shape });
    expectSameBits(result.array, expected.array, "array");
    expectSameBits(result.loss, expected.loss, "loss");
  }
  expect(threads.taken).toBe(before);
});

it("views from before the memory grew overlap as those from after it do", () => {
  const [rows, columns] = [8192, 4];
  const size = rows * columns;
  const z = k.alloc([size + 64]);
  const labels = k.alloc([size], { dtype: "int32" });
  const [before, labelsBefore] = [z.data, labels.data];
  k.alloc([(k.memory.reserved - k.memory.used) / 4 + 100_000]).free();
  expect(before.buffer).not.toBe(z.data.buffer);
  const shape = [rows, columns];
  const x = before.subarray(0, size);
  expect(() => k.softmax(x, { shape, out: z.data.subarray(20, size + 20) })).toThrow(OverlapError);
  const grad = new Float32Array(labels.data.buffer, labels.data.byteOffset, size);
  const y = labelsBefore.subarray(0, rows);
  expect(() => k.softmaxCrossEntropy(new Float32Array(size), y, { shape, grad })).toThrow(OverlapError);
});

/** Few numbers; and more, which count as few here too: several tiles, and rows longer than a tile. */
const SHAPES = [
  [5, 7],
  [300, 1000],
  [2, 70_000],
] as const;

describe.each(NAMED_CALLS)("%s", (_, call) => {
  it.each(SHAPES)("of a foreign batch of %i x %i wakes nobody, whatever lies beside it", (rows, columns) => {
    const { x, beside, shape } = operandsFor(call, rows, columns);
    const expected = call.run(one, x, beside, { shape });
    const before = threads.taken;
    const other = residentBeside(k, beside, shape);
    for (const second of [beside, other]) {
      const result = call.run(k, x, second, { shape });
      expectSameBits(result.array, expected.array, "array");
      expectSameBits(result.loss, expected.loss, "loss");
    }
    if (call.replaces) {
      const to = k.alloc(shape);
      const result = call.run(k, x, other, { shape, to });
      expect(result.array).toBe(to);
      expectSameBits(to, expected.array, "resident output");
      to.free();
      const z = k.alloc(shape).set(x);
      const view = z.data;
      if (call.replaces.includes("x"))
        expectSameBits(call.run(k, view, other, { shape, to: view }).array, expected.array, "in place");
      z.free();
    }
    other?.free();
    expect(threads.taken).toBe(before);
  });
});

it("a small shard's loss goes with a state, which lies in the shared memory", () => {
  const x = Float32Array.of(1, 2, 3);
  const expected = one.softmaxCrossEntropy(x, [1], { grad: true });
  const state = k.logSumExpState(1).add(x);
  expect(k.softmaxCrossEntropy(x, [1], { state, grad: true })).toEqual(expected);
  const resident = k.alloc([1, 3]).set(x);
  expect(k.softmaxCrossEntropy(resident, [1], { state, grad: true })).toEqual(expected);
  resident.free();
});

it("the memory of both counts", () => {
  expect(k.memory.used).toBeGreaterThan(one.memory.used + 65536);
  k.dispose();
  expect(k.memory.used).toBe(0);
});
