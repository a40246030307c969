import { expect, it } from "vitest";
import { LabelError } from "../src/index.js";
import { describeEachBackend } from "./support/backends.js";
import { expectRefused, filled } from "./support/refusals.js";

/** None of these is one of three classes. */
const WRONG: readonly (readonly [string, unknown])[] = [
  ["3", 3],
  ["−1", -1],
  ["−101", -101],
  ["0.5", 0.5],
  ["NaN", Number.NaN],
  ["Infinity", Infinity],
  ["2^32, which 32 bits would make 0", 2 ** 32],
  ["2^32 + 1", 2 ** 32 + 1],
  ["2^53", 2 ** 53],
  ["1e300", 1e300],
  ["undefined", undefined],
  ["null", null],
  ["true", true],
  ["text of a number", "1"],
  ["empty text", ""],
  ["a list", [1]],
];

describeEachBackend("a label that names no class", (backend) => {
  it.each(WRONG)("is refused before anything is written: %s", (_, label) => {
    const error = expectRefused(backend.k, LabelError, "LABEL", (k, watch) =>
      k.softmaxCrossEntropy(watch(filled(9)), [0, label, 7] as never, { shape: [3, 3], grad: watch(filled(9)) }),
    ) as LabelError;
    expect(error.row).toBe(1);
    expect(error.message).toMatch(/position 1\b.*from 0 to 2/);
  });

  it.each([
    ["Int8Array", Int8Array.of(0, -1)],
    ["Uint8Array", Uint8Array.of(0, 255)],
    ["Uint8ClampedArray", Uint8ClampedArray.of(0, 3)],
    ["Int16Array", Int16Array.of(0, -1)],
    ["Uint16Array", Uint16Array.of(0, 65535)],
    ["Int32Array", Int32Array.of(0, -2147483648)],
    ["Uint32Array", Uint32Array.of(0, 4294967295)],
    ["BigInt64Array", BigInt64Array.of(0n, 2n ** 62n)],
    ["BigUint64Array", BigUint64Array.of(0n, 2n ** 64n - 1n)],
  ])("is refused in any integer array: %s", (_, labels) => {
    const { row } = expectRefused(backend.k, LabelError, "LABEL", (k, watch) =>
      k.softmaxCrossEntropy(watch(filled(6)), watch(labels), { shape: [2, 3], grad: watch(filled(6)) }),
    ) as LabelError;
    expect(row).toBe(1);
  });

  it("is refused in a resident batch", () => {
    const labels = backend.k.alloc([2], { dtype: "int32" }).set([0, 3]);
    expectRefused(backend.k, LabelError, "LABEL", (k, watch) =>
      k.softmaxCrossEntropy(filled(6), labels, { shape: [2, 3], grad: watch(filled(6)) }),
    );
    labels.free();
  });

  it("is refused in the last of 5000 positions, with the gradient of the first still unwritten", () => {
    const labels = new Int32Array(5000);
    labels[4999] = 2;
    const { row } = expectRefused(backend.k, LabelError, "LABEL", (k, watch) =>
      k.softmaxCrossEntropy(watch(filled(10_000)), labels, { shape: [5000, 2], grad: watch(filled(10_000)) }),
    ) as LabelError;
    expect(row).toBe(4999);
  });

  it("is −100 where another label is to be ignored", () => {
    expectRefused(backend.k, LabelError, "LABEL", (k) =>
      k.softmaxCrossEntropy(filled(6), [0, -100], { shape: [2, 3], ignoreIndex: -1 }),
    );
  });

  it("is any at all where there are no classes", () => {
    expectRefused(backend.k, LabelError, "LABEL", (k) =>
      k.softmaxCrossEntropy(new Float32Array(0), [0], { shape: [1, 0] }),
    );
  });

  it("never reaches the kernels, not even if it becomes one after it was checked", () => {
    const k = backend.open();
    const neighbour = k.alloc([1_000_000], { dtype: "int32" });
    const labels = [0, 0];
    let reads = 0;
    Object.defineProperty(labels, 1, { get: () => (reads++ === 0 ? 0 : 400_000) });
    try {
      k.softmaxCrossEntropy(filled(6), labels, { shape: [2, 3], grad: filled(6) });
    } catch {
      // Whether this is noticed is left open; what counts is that nothing else is written to.
    }
    expect(neighbour.data.every((word) => word === 0)).toBe(true);
  });

  it("never reaches the kernels, not even if it becomes one while weights are read: it is left out then", () => {
    const labels = Int32Array.of(0, 1);
    const classWeights = Object.defineProperty([1, 1, 1], 0, {
      get() {
        labels[1] = 1_000_000;
        return 1;
      },
    });
    const options = { shape: [2, 3], classWeights, reduction: "none" } as const;
    expect(backend.k.softmaxCrossEntropy(filled(6), labels, options).loss[1]).toBe(0);
  });
});
