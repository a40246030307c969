import { describe, expect, it } from "vitest";
import { DtypeError } from "../src/index.js";
import { describeEachBackend } from "./support/backends.js";
import { NAMED_CALLS, operandsFor } from "./support/calls.js";
import { detached, expectRefused, filled, outOfBounds, saying } from "./support/refusals.js";

const NOT_FLOATS: readonly (readonly [string, () => unknown])[] = [
  ["undefined", () => undefined],
  ["null", () => null],
  ["a number", () => 3],
  ["text", () => "012345"],
  ["a symbol", () => Symbol("x")],
  ["a function", () => () => filled(6)],
  ["an array", () => [1, 2, 3, 4, 5, 6]],
  ["a Float64Array", () => new Float64Array(6)],
  ["an Int32Array", () => new Int32Array(6)],
  ["a BigInt64Array", () => new BigInt64Array(6)],
  ["a DataView", () => new DataView(new ArrayBuffer(24))],
  ["an ArrayBuffer", () => new ArrayBuffer(24)],
  ["an empty object", () => ({})],
  ["an object without a prototype", () => Object.create(null)],
  ["an object over a Float64Array", () => ({ data: new Float64Array(6), shape: [2, 3] })],
  ["an object over an array", () => ({ data: [1, 2, 3, 4, 5, 6], dims: [2, 3] })],
  ["an object over nothing", () => ({ data: undefined, shape: [2, 3] })],
  ["what only looks like a Float32Array", () => ({ length: 6, 0: 1, [Symbol.toStringTag]: "Float32Array" })],
  ["a detached array", () => detached(6)],
  ["an object over a detached array", () => ({ data: detached(6), shape: [2, 3] })],
  ["an array that lies out of its buffer's bounds", () => outOfBounds(Float32Array)],
  ["an array of a class that says it is longer", () => saying(6, Float32Array, 3)],
  ["an array of a class that says it is shorter", () => saying(6, Float32Array, 9)],
];

const NOT_LABELS: readonly (readonly [string, () => unknown])[] = [
  ["undefined", () => undefined],
  ["null", () => null],
  ["a number", () => 3],
  ["text", () => "01"],
  ["an object", () => ({ 0: 1, 1: 1, length: 2 })],
  ["a set", () => new Set([0, 1])],
  ["an object over text", () => ({ data: "01", shape: [2] })],
  ["an array that lies out of its buffer's bounds", () => outOfBounds(Int32Array)],
  ["an array of a class that says it is longer", () => saying(2, Int32Array, 1)],
  ["an array of a class that says it is shorter", () => saying(2, Int32Array, 3)],
  ["float64 targets", () => new Float64Array(6)],
  ["an object over float64 targets", () => ({ data: new Float64Array(6), shape: [2, 3] })],
];

const TAKES_INTEGERS = new Set(["sigmoidCrossEntropy", "sigmoidFocalLoss", "binaryCrossEntropy"]);

describeEachBackend("data of another type", (backend) => {
  describe.each(NAMED_CALLS)("%s refuses, before anything is written,", (_, call) => {
    it.each(NOT_FLOATS)("%s as batch", (_title, make) => {
      expectRefused(backend.k, DtypeError, "DTYPE", (k, watch) => {
        const { beside } = operandsFor(call, 2, 3);
        return call.run(k, make() as never, beside, { shape: [2, 3], ...(call.replaces && { to: watch(filled(6)) }) });
      });
    });

    it.each(NOT_FLOATS)("%s as output", (title, make) => {
      if (!call.replaces || title === "undefined" || title === "null") return; // no output is given
      expectRefused(backend.k, DtypeError, "DTYPE", (k, watch) => {
        const { x, beside } = operandsFor(call, 2, 3);
        return call.run(k, watch(x), beside, { shape: [2, 3], to: make() as never });
      });
    });

    it.each(call.beside === "labels" ? NOT_LABELS : NOT_FLOATS)("%s beside the batch", (title, make) => {
      if (call.beside === "nothing") return;
      // Integers are labels to softmaxCrossEntropy, and 0/1 targets to losses of elements.
      const takesIntegers = call.name.includes("dense") || TAKES_INTEGERS.has(call.name);
      if (takesIntegers && /^(an array|an? \w*Int\w*Array|an object over an array)$/.test(title)) return;
      expectRefused(backend.k, DtypeError, "DTYPE", (k, watch) => {
        const { x } = operandsFor(call, 2, 3);
        return call.run(k, watch(x), make() as never, { shape: [2, 3], to: watch(filled(6)) });
      });
    });

    it("a resident batch of int32 in place of floats", () => {
      const whole = backend.k.alloc([2, 3], { dtype: "int32" });
      const { x, beside } = operandsFor(call, 2, 3);
      expectRefused(backend.k, DtypeError, "DTYPE", (k, watch) =>
        call.run(k, whole as never, beside, { ...(call.replaces && { to: watch(filled(6)) }) }),
      );
      if (call.replaces) {
        expectRefused(backend.k, DtypeError, "DTYPE", (k) =>
          call.run(k, x, beside, { shape: [2, 3], to: whole as never }),
        );
      }
      expect(whole.toArray()).toEqual(new Int32Array(6));
      whole.free();
    });
  });

  it.each([1, 3])("labels are refused that say they are two and are %i, where nothing else is asked for", (length) => {
    const own = Object.defineProperty(new Int32Array(length), "length", { value: 2 });
    for (const labels of [own, saying(2, Int32Array, length)]) {
      const shape = [2, 2];
      expectRefused(backend.k, DtypeError, "DTYPE", (k) => k.softmaxCrossEntropy(filled(4), labels, { shape }));
      expectRefused(backend.k, DtypeError, "DTYPE", (k) => k.nllLoss(filled(4), labels, { shape }));
    }
  });

  it("says how to convert", () => {
    const { message } = expectRefused(backend.k, DtypeError, "DTYPE", (k) => k.softmax(new Float64Array(3) as never));
    expect(message).toMatch(/Float64Array.*Float32Array\.from/);
  });
});
