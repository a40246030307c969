import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { checked } from "../src/check.js";
import { Arena, LARGEST_MEMORY } from "../src/memory.js";
import * as reference from "../src/reference/index.js";
import { describeEachBackend } from "./support/backends.js";

/** Arrays as a vm context, an iframe or a test runner's environment makes them: no `instanceof` of this realm holds. */
const other = runInNewContext("globalThis") as typeof globalThis;

const shape = [2, 3];
const x = Float32Array.of(1, 2, 3, 0.5, -1, 4);
const targets = Float32Array.of(0, 1, 0, 0.5, 0, 0.5);
const weights = Float32Array.of(2, 3, 1);

it("the arrays are indeed of another realm", () => {
  expect(new other.Float32Array(1)).not.toBeInstanceOf(Float32Array);
  expect(other.Array.of(1)).not.toBeInstanceOf(Array);
});

describeEachBackend("arrays of another realm", (backend) => {
  it("are inputs", () => {
    expect(backend.k.softmax(other.Float32Array.from(x), { shape: other.Array.of(2, 3) })).toEqual(
      backend.k.softmax(x, { shape }),
    );
  });

  it("are outputs", () => {
    const out = new other.Float32Array(6);
    expect(backend.k.softmax(x, { shape, out })).toBe(out);
    expect(Float32Array.from(out)).toEqual(backend.k.softmax(x, { shape }));
  });

  it("must not overlap others of this realm in part", () => {
    const { buffer } = new Float32Array(7);
    const out = new other.Float32Array(buffer, 4, 6);
    expect(() => backend.k.softmax(new Float32Array(buffer, 0, 6), { out })).toThrow("overlaps");
  });

  it.each(["Int32Array", "Int8Array", "Uint8Array", "Uint16Array"] as const)("are labels: %s", (type) => {
    const options = { shape, grad: true, classWeights: weights } as const;
    const wanted = backend.k.softmaxCrossEntropy(x, [2, 0], options);
    expect(backend.k.softmaxCrossEntropy(x, other[type].of(2, 0), options)).toEqual(wanted);
    expect(backend.k.softmaxCrossEntropy(x, other.BigInt64Array.of(2n, 0n), options)).toEqual(wanted);
    const classWeights = other.Float32Array.from(weights);
    expect(backend.k.softmaxCrossEntropy(x, other.Array.of(2, 0), { ...options, classWeights })).toEqual(wanted);
  });

  it("are dense targets", () => {
    const wanted = backend.k.softmaxCrossEntropy(x, targets, { shape, grad: true });
    expect(backend.k.softmaxCrossEntropy(x, other.Float32Array.from(targets), { shape, grad: true })).toEqual(wanted);
  });

  it("can be checked", () => {
    const judged = checked(backend.k);
    const z = other.Float32Array.from(x);
    expect(judged.softmax(z, { shape })).toEqual(backend.k.softmax(x, { shape }));
    const options = { shape, grad: true } as const;
    const wanted = backend.k.softmaxCrossEntropy(x, targets, options);
    expect(judged.softmaxCrossEntropy(z, other.Float32Array.from(targets), options)).toEqual(wanted);
    expect(judged.softmaxCrossEntropy(z, other.Int32Array.of(2, 0), options)).toEqual(
      backend.k.softmaxCrossEntropy(x, [2, 0], options),
    );
  });
});

it("the reference tells dense targets from labels in any realm", () => {
  const wanted = reference.softmaxCrossEntropy(x, targets, { shape });
  for (const type of ["Float32Array", "Float64Array"] as const)
    expect(reference.softmaxCrossEntropy(x, other[type].from(targets), { shape })).toEqual(wanted);
});

it.each(["ArrayBuffer", "SharedArrayBuffer"] as const)("memory with an %s of another realm is what it is", (type) => {
  const arena = new Arena({ buffer: new other[type](65536), grow() {} }, 0, LARGEST_MEMORY);
  expect(arena.shared).toBe(type === "SharedArrayBuffer");
});
