import { describe, expect, it } from "vitest";
import { describeEachBackend } from "./support/backends.js";
import { NAMED_CALLS, operandsFor } from "./support/calls.js";
import { linearProblem } from "./support/linear.js";
import { expectSameBits } from "./support/ulp.js";

/** Arrays of classes that have their own idea of what constructors and methods do, as matrices and vectors have. */

function refused(): never {
  throw new Error("a method of the class was called");
}

class Floats extends Float32Array {}
class Integers extends Int32Array {}
class Bytes extends Uint8Array {}

for (const own of [Floats, Integers, Bytes]) {
  // What `subarray`, `slice` and `map` would make of them.
  Object.defineProperty(own, Symbol.species, { get: refused });
  for (const method of ["set", "fill", "subarray", "slice"])
    Object.defineProperty(own.prototype, method, { value: refused });
}

/** Arrays that have other ideas of where they lie. */
class Elsewhere extends Float32Array {
  override get buffer(): ArrayBuffer {
    return new ArrayBuffer(this.length * 4);
  }
  override get byteOffset(): number {
    return 1;
  }
}

function subclassed<T extends Float32Array | Int32Array | undefined>(array: T): T {
  if (array === undefined) return array;
  const copy = array instanceof Int32Array ? new Integers(array.length) : new Floats(array.length);
  for (let i = 0; i < array.length; i++) copy[i] = array[i];
  return copy as Float32Array as T;
}

/** Short calls, longer ones, several tiles of rows, and a row of several tiles. */
const SHAPES = [
  [2, 5],
  [30, 60],
  [700, 101],
  [1, 70_000],
] as const;

/** Arrays that make a call where they are asked for their length. */
function calling<T extends Float32Array | Int32Array | undefined>(array: T, call: () => void): T {
  if (array === undefined) return array;
  const copy = array.slice() as T & object;
  const { length } = array;
  Object.defineProperty(copy, "length", {
    get() {
      call();
      return length;
    },
  });
  return copy;
}

describeEachBackend("arrays of subclasses", (backend) => {
  const shapes = SHAPES.filter(([rows, length]) => backend.affords(rows * length));

  describe.each(NAMED_CALLS)("%s", (_, call) => {
    it.each(shapes)("takes them and writes to them, shape [%i, %i]", (rows, length) => {
      const { k } = backend;
      const { x, beside, shape } = operandsFor(call, rows, length);
      const expected = call.run(k, x, beside, { shape });
      const to = call.replaces && { to: new Floats(x.length) };
      const got = call.run(k, subclassed(x), subclassed(beside), { shape, ...to });
      expectSameBits(got.array, expected.array, "array");
      expectSameBits(got.loss, expected.loss, "loss");
      if (to) expect(got.array).toBe(to.to);
    });
  });

  describe.each(NAMED_CALLS)("%s", (_, call) => {
    it.each(shapes)("leaves what it has read to itself where a length makes a call, shape [%i, %i]", (rows, length) => {
      const { k } = backend;
      const { x, beside, shape } = operandsFor(call, rows, length);
      const other = new Float32Array(1000);
      const meanwhile = () => k.softmax(other);
      const expected = call.run(k, x, beside, { shape });
      const got = call.run(k, calling(x, meanwhile), calling(beside, meanwhile), { shape });
      expectSameBits(got.array, expected.array, "array");
      expectSameBits(got.loss, expected.loss, "loss");
    });
  });

  it("are weights, and gradients to a layer", () => {
    const { k } = backend;
    const { features, weights, labels, targets, shape } = linearProblem(40, 300, 70);
    const [w, u] = [weights.slice(0, 70).map(Math.abs), weights.slice(0, 40).map(Math.abs)];
    const run = (cast: typeof subclassed) => {
      const grad = { features: cast(new Float32Array(features.length)), weights: cast(new Float32Array(70 * 300)) };
      const options = { shape, grad, classWeights: cast(w), sampleWeights: cast(u) };
      return k.linearSoftmaxCrossEntropy(cast(features), cast(weights), cast(labels), options);
    };
    const expected = run((array) => array);
    const got = run(subclassed);
    expect(got.loss).toBe(expected.loss);
    expect(got.grad.weights).toBeInstanceOf(Floats);
    for (const name of ["features", "weights"] as const) expectSameBits(got.grad[name], expected.grad[name], name);
    const options = { shape: [40, 70], elementWeights: u.map((_, i) => u[i % 3]), reduction: "sum" } as const;
    const each = targets.map((_, i) => w[i % 70]);
    expect(
      k.sigmoidCrossEntropy(targets, targets, {
        ...options,
        elementWeights: subclassed(each),
        posWeight: subclassed(w),
      }),
    ).toEqual(k.sigmoidCrossEntropy(targets, targets, { ...options, elementWeights: each, posWeight: w }));
  });

  it.each([
    [3, 5],
    [300, 300],
  ])("are integer targets, %i × %i", (rows, length) => {
    const { k } = backend;
    const shape = [rows, length];
    const x = operandsFor(NAMED_CALLS[0][1], rows, length).x;
    const p = x.map((_, i) => (1 + (i % 8)) / 9);
    for (const [plain, own] of [
      [new Int32Array(x.length), new Integers(x.length)],
      [new Uint8Array(x.length), new Bytes(x.length)],
    ]) {
      for (let i = 0; i < x.length; i += 3) plain[i] = own[i] = 1;
      expect(k.sigmoidCrossEntropy(x, own, { shape })).toEqual(k.sigmoidCrossEntropy(x, plain, { shape }));
      expect(k.sigmoidFocalLoss(x, own, { shape })).toEqual(k.sigmoidFocalLoss(x, plain, { shape }));
      expect(k.binaryCrossEntropy(p, own, { shape })).toEqual(k.binaryCrossEntropy(p, plain, { shape }));
    }
  });

  it("are read where they lie, whatever they say", () => {
    const { k } = backend;
    for (const length of [5, 70_000]) {
      const x = operandsFor(NAMED_CALLS[0][1], 1, length).x;
      const [own, out] = [new Elsewhere(length), new Elsewhere(length)];
      for (let i = 0; i < length; i++) own[i] = x[i];
      expect(k.softmax(own, { out })).toBe(out);
      expectSameBits(Array.from(out), k.softmax(x), `${length}`);
    }
  });

  it("are chunks and logits of a state, and what a batch is set from", () => {
    const { k } = backend;
    const x = operandsFor(NAMED_CALLS[0][1], 2, 3000).x;
    const plain = k.logSumExpState(2).add(x);
    const state = k.logSumExpState(2).add(subclassed(x));
    expect(state.value()).toEqual(plain.value());
    expect(state.loss(subclassed(x.slice(0, 2)))).toEqual(plain.loss(x.slice(0, 2)));
    const batch = k.alloc([6000]).set(subclassed(x));
    expectSameBits(batch.toArray(), x, "batch");
    batch.free();
  });
});
