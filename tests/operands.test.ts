import { describe, expect, it } from "vitest";
import { describeEachBackend } from "./support/backends.js";
import { NAMED_CALLS, operandsFor } from "./support/calls.js";
import { expectSameBits } from "./support/ulp.js";

/** A copy of an array over another kind of buffer. */
function over<T extends Float32Array | Int32Array>(buffer: ArrayBufferLike, array: T): T {
  const copy = new (array.constructor as new (buffer: ArrayBufferLike) => T)(buffer);
  copy.set(array);
  return copy;
}

function resizable(bytes: number): ArrayBuffer {
  const make = ArrayBuffer as unknown as new (bytes: number, options: { maxByteLength: number }) => ArrayBuffer;
  return new make(bytes, { maxByteLength: bytes * 2 });
}

describeEachBackend("operands are taken as", (backend) => {
  describe.each(NAMED_CALLS)("%s:", (_, call) => {
    // Large enough that copies are made by the engine, small enough that they aren't.
    it.each([
      [2, 3],
      [4, 300],
    ])("objects with data and shape or dims, shape [%i, %i]", (rows, length) => {
      const { x, beside, shape } = operandsFor(call, rows, length);
      const { array, loss } = call.run(backend.k, x, beside, { shape });
      const besideShape = call.beside === "labels" ? [rows] : shape;
      const second = beside && { data: beside, dims: besideShape };
      const tensors = [
        { data: x, shape },
        { data: x, dims: shape },
        { type: "float32", data: x, dims: Int32Array.from(shape), size: x.length },
        Object.assign(Object.create({ data: x }), { shape }),
      ];
      for (const tensor of tensors) {
        const got = call.run(backend.k, tensor as never, second as never, {});
        expectSameBits(got.array, array, "array");
        expectSameBits(got.loss, loss, "loss");
      }
    });

    it("objects whose shape is overruled by the option", () => {
      const { x, beside, shape } = operandsFor(call, 2, 3);
      const { array } = call.run(backend.k, x, beside, { shape });
      const got = call.run(backend.k, { data: x, shape: [6] }, beside, { shape });
      expectSameBits(got.array, array, "array");
    });

    it.each([
      [2, 3],
      [4, 300],
      [1, 66_000],
    ])("arrays over shared and resizable buffers, shape [%i, %i]", (rows, length) => {
      if (!backend.affords(rows * length)) return;
      const { x, beside, shape } = operandsFor(call, rows, length);
      const { array, loss } = call.run(backend.k, x, beside, { shape });
      for (const make of [(bytes: number) => new SharedArrayBuffer(bytes), resizable]) {
        const to = call.replaces && { to: over(make(x.byteLength), new Float32Array(x.length)) };
        const second = beside && over<Float32Array | Int32Array>(make(beside.byteLength), beside);
        const got = call.run(backend.k, over(make(x.byteLength), x), second, { shape, ...to });
        if (to) expect(got.array).toBe(to.to);
        expectSameBits(got.array, array, "array");
        expectSameBits(got.loss, loss, "loss");
      }
    });

    it("arrays of another realm's or a subclass's making", () => {
      class Sub extends Float32Array {}
      const { x, beside, shape } = operandsFor(call, 2, 3);
      const { array } = call.run(backend.k, x, beside, { shape });
      expectSameBits(call.run(backend.k, new Sub(x), beside, { shape }).array, array, "subclass");
    });

    it("frozen options, and a frozen shape", () => {
      const { x, beside } = operandsFor(call, 2, 3);
      const shape = Object.freeze([2, 3]);
      call.run(backend.k, x, beside, Object.freeze({ shape }));
    });
  });

  const x = Float32Array.of(1, 2, 3, 6, 5, 4);

  it.each([
    ["Int8Array", Int8Array.of(2, 0)],
    ["Uint8Array", Uint8Array.of(2, 0)],
    ["Uint8ClampedArray", Uint8ClampedArray.of(2, 0)],
    ["Int16Array", Int16Array.of(2, 0)],
    ["Uint16Array", Uint16Array.of(2, 0)],
    ["Uint32Array", Uint32Array.of(2, 0)],
    ["BigInt64Array", BigInt64Array.of(2n, 0n)],
    ["BigUint64Array", BigUint64Array.of(2n, 0n)],
    ["an array", [2, 0]],
    ["an array with −0", [2, -0]],
    ["an object over a BigInt64Array", { data: BigInt64Array.of(2n, 0n), dims: [2] }],
    ["an object over an array", { data: [2, 0], shape: [2] }],
    ["an object without a shape", { data: [2, 0] }],
  ])("labels in %s", (_, labels) => {
    const expected = backend.k.softmaxCrossEntropy(x, Int32Array.of(2, 0), { shape: [2, 3], grad: true });
    expect(backend.k.softmaxCrossEntropy(x, labels, { shape: [2, 3], grad: true })).toEqual(expected);
  });

  it("labels of the batch's shape without the class axis", () => {
    const batch = { data: new Float32Array(24), shape: [2, 3, 4] };
    const labels = { data: new Int32Array(6), shape: [2, 3] };
    expect(backend.k.softmaxCrossEntropy(batch, labels).loss).toBe(Math.fround(Math.log(4)));
    const row = { data: new Float32Array(4), shape: [4] };
    expect(backend.k.softmaxCrossEntropy(row, { data: [1], shape: [] }).loss).toBe(Math.fround(Math.log(4)));
  });

  it("one row where there is no shape", () => {
    expect(backend.k.softmax(x)).toEqual(backend.k.softmax(x, { shape: [1, 6] }));
    expect(backend.k.softmax({ data: x })).toEqual(backend.k.softmax(x));
  });

  it("a row of a resident batch with an integer batch as labels", () => {
    const { k } = backend;
    const z = k.alloc([2, 3]).set(x);
    const labels = k.alloc([2], { dtype: "int32" }).set([2, 0]);
    const expected = k.softmaxCrossEntropy(x, [2, 0], { shape: [2, 3], reduction: "none" }).loss;
    expect(k.softmaxCrossEntropy(z, labels, { reduction: "none" }).loss).toEqual(expected);
    const second = k.softmaxCrossEntropy(z.rows(1, 2), labels.rows(1, 2), { reduction: "none" }).loss;
    expect(second).toEqual(expected.slice(1));
    z.free();
    labels.free();
  });
});
