import { expect, it } from "vitest";
import type { FloatBatch, FloatOutput } from "../../src/batch.js";
import {
  AxisError,
  DtypeError,
  ForeignError,
  FreedError,
  LabelError,
  loadSync,
  OutputError,
  OverlapError,
  type ResidentBatch,
  ShapeError,
  type Xentropy,
} from "../../src/index.js";
import { describeEachBackend } from "../support/backends.js";
import { classes, spread } from "../support/samples.js";
import { expectSameBits } from "../support/ulp.js";

/** The largest brief batch has 4096 numbers. */
const SHAPES: [readonly number[]][] = [
  [[10]],
  [[1, 1]],
  [[1, 10]],
  [[3, 7]],
  [[32, 10]],
  [[4096, 1]],
  [[1, 4097]],
  [[241, 17]],
];

const UNARY = ["softmax", "logSoftmax", "sigmoid", "logSigmoid", "softplus", "logit"] as const;
const BACKWARD = ["softmaxBackward", "logSoftmaxBackward"] as const;

type Pair = (
  k: Xentropy,
  a: FloatBatch,
  b: FloatBatch,
  options?: { shape?: readonly number[]; grad?: true | ResidentBatch },
) => { loss: number; grad?: FloatOutput };

const PAIRS: Record<string, Pair> = {
  softmaxCrossEntropy: (k, a, b, options = {}) => k.softmaxCrossEntropy(a, b, options),
  softmaxKlDivergence: (k, a, b, options = {}) => k.softmaxKlDivergence(a, b, options),
  sigmoidCrossEntropy: (k, a, b, options = {}) => k.sigmoidCrossEntropy(a, b, options),
};

function put(k: Xentropy, values: Float32Array, shape: readonly number[]): ResidentBatch {
  return k.alloc(shape).set(values);
}

function bitsOf(result: FloatOutput): Float32Array {
  return result instanceof Float32Array ? result : result.toArray();
}

/** Runs with no place for the result, with one of its own, and with each operand as the place. */
function everyPlace(
  k: Xentropy,
  shape: readonly number[],
  operands: readonly Float32Array[],
  places: readonly number[],
  run: (operands: readonly ResidentBatch[], to: ResidentBatch | undefined) => void,
): void {
  for (const place of [-2, -1, ...places]) {
    const given = operands.map((values) => put(k, values, shape));
    const own = k.alloc(shape);
    run(given, place === -2 ? undefined : place === -1 ? own : given[place]);
    given.forEach((batch, i) => {
      if (i !== place) expectSameBits(batch.toArray(), operands[i], `operand ${i} after the call`);
      batch.free();
    });
    own.free();
  }
}

describeEachBackend("a call of few resident numbers has the bits of the same call of arrays", (backend) => {
  it.each(SHAPES)("of shape %j", (shape) => {
    const { k } = backend;
    const columns = shape.at(-1) as number;
    const length = shape.reduce((product, size) => product * size, 1);
    const x = spread(length, 1, 0.001, 0.999);
    const y = spread(length, 2, 0, 1);
    for (const operation of UNARY) {
      const expected = operation.endsWith("oftmax") ? k[operation](x, { shape }) : k[operation](x);
      everyPlace(k, shape, [x], [0], ([batch], out) => {
        const result = k[operation](batch, { out });
        if (out) expect(result).toBe(out);
        expectSameBits(bitsOf(result), expected, operation);
      });
    }
    for (const operation of BACKWARD) {
      const expected = k[operation](x, y, { shape });
      everyPlace(k, shape, [x, y], [0, 1], ([a, b], out) => {
        expectSameBits(bitsOf(k[operation](a, b, { out })), expected, operation);
      });
    }
    for (const [operation, run] of Object.entries(PAIRS)) {
      const expected = run(k, x, y, { shape, grad: true });
      everyPlace(k, shape, [x, y], [0], ([a, b], grad) => {
        expect(run(k, a, b)).toEqual({ loss: expected.loss });
        const result = run(k, a, b, { grad: grad ?? true });
        expect(result.loss).toBe(expected.loss);
        expectSameBits(bitsOf(result.grad as FloatOutput), bitsOf(expected.grad as FloatOutput), operation);
      });
    }
    const rows = length / columns;
    everyPlace(k, shape, [x], [], ([batch]) => {
      const sums = k.logSumExp(x, { shape });
      expectSameBits(bitsOf(k.logSumExp(batch)), sums, "logSumExp");
      const out = new Float32Array(rows);
      expect(k.logSumExp(batch, { out })).toBe(out);
      expectSameBits(out, sums, "logSumExp");
      using there = k.alloc([rows]);
      expect(k.logSumExp(batch, { out: there })).toBe(there);
      expectSameBits(there.toArray(), sums, "logSumExp, resident");
      const more = new Float32Array(rows + 1);
      k.logSumExp(batch, { out: more.subarray(1) });
      expectSameBits(more.subarray(1), sums, "logSumExp, a part");
      expect(k.argmax(batch, { axis: -1 })).toEqual(k.argmax(x, { shape }));
    });
    const labels = classes(rows, columns, 3);
    const expected = k.softmaxCrossEntropy(x, labels, { shape, grad: true });
    using resident = k.alloc(shape.slice(0, -1), { dtype: "int32" }).set(labels);
    for (const given of [labels, resident]) {
      everyPlace(k, shape, [x], [0], ([batch], grad) => {
        expect(k.softmaxCrossEntropy(batch, given)).toEqual({ loss: expected.loss });
        const result = k.softmaxCrossEntropy(batch, given, { grad: grad ?? true, axis: -1 });
        expect(result.loss).toBe(expected.loss);
        expectSameBits(bitsOf(result.grad), expected.grad, "gradient");
      });
    }
  });

  it("along the first of two axes", () => {
    const { k } = backend;
    const x = spread(6, 9, -3, 3);
    using batch = put(k, x, [2, 3]);
    const expected = k.softmax(x, { shape: [2, 3], axis: 0 });
    expectSameBits(k.softmax(batch, { axis: 0 }), expected, "softmax");
    expectSameBits(k.softmax(batch, { shape: [3, 2] }), k.softmax(x, { shape: [3, 2] }), "another shape");
  });

  it("of views at odd addresses, with the bits of the general way", () => {
    const { k } = backend;
    const x = spread(15, 4, -3, 3);
    using batch = put(k, x, [3, 5]);
    using room = k.alloc([3, 5]);
    const view = batch.rows(1, 3);
    const out = room.rows(1, 3);
    expectSameBits(bitsOf(k.softmax(view, { out })), k.softmax(x.slice(5), { shape: [2, 5] }), "softmax");
    expect([...room.toArray().subarray(0, 5)]).toEqual([0, 0, 0, 0, 0]);
    expectSameBits(bitsOf(k.softmax(view, { out, temperature: 1 })), bitsOf(k.softmax(view)), "with an option");
    const short = k.softmaxCrossEntropy(view, Int32Array.of(4, 0), { grad: out });
    const general = k.softmaxCrossEntropy(view, [4, 0], { grad: true });
    expect(short.loss).toBe(general.loss);
    expectSameBits(out.toArray(), general.grad, "gradient");
  });
});

describeEachBackend("a call of few resident numbers refuses what every call does", (backend) => {
  it("and writes nothing", () => {
    const { k } = backend;
    const values = spread(9, 1, -2, 2);
    using room = put(k, values, [3, 3]);
    using other = put(k, spread(6, 2, 0, 1), [2, 3]);
    using column = k.alloc([9, 1]);
    using ints = k.alloc([2, 3], { dtype: "int32" });
    using labels = k.alloc([2], { dtype: "int32" }).set([0, 3]);
    using wide = k.alloc([2, 1], { dtype: "int32" });
    using freed = k.alloc([2, 3]);
    freed.free();
    const others = loadSync();
    const stranger = others.alloc([2, 3]);
    const theirs = others.alloc([2], { dtype: "int32" });
    const x = room.rows(0, 2);
    const next = room.rows(1, 3);
    const calls: [new (...args: never[]) => Error, () => unknown][] = [
      [OverlapError, () => k.softmax(x, { out: next })],
      [OverlapError, () => k.softmaxBackward(x, other, { out: next })],
      [OverlapError, () => k.softmaxBackward(other, x, { out: next })],
      [OverlapError, () => k.softmaxCrossEntropy(x, Int32Array.of(0, 1), { grad: next })],
      [OverlapError, () => k.softmaxCrossEntropy(other, x, { grad: x })],
      [OverlapError, () => k.softmaxKlDivergence(other, x, { grad: next })],
      [OverlapError, () => k.sigmoidCrossEntropy(other, x, { grad: x })],
      [OutputError, () => k.softmax(other, { out: room })],
      [ShapeError, () => k.softmaxBackward(other, room)],
      [LabelError, () => k.softmaxCrossEntropy(x, labels, { grad: x })],
      [ShapeError, () => k.softmaxCrossEntropy(x, wide, { grad: x })],
      [OverlapError, () => k.logSumExp(x, { out: x.data.subarray(1, 3) })],
      [OutputError, () => k.logSumExp(other, { out: x.data.subarray(0, 3) })],
      [OutputError, () => k.logSumExp(other, { out: x })],
      [OverlapError, () => k.logSumExp(room, { out: room.rows(1, 2) })],
      [OutputError, () => k.logSumExp(other, { out: new Float32Array(3) })],
      [OverlapError, () => k.logSumExp(column.rows(1, 4), { out: column.rows(0, 3) })],
      [AxisError, () => k.argmax(x, { axis: 2 })],
      [DtypeError, () => k.argmax(ints as never)],
      [DtypeError, () => k.logSumExp(ints as never)],
      [FreedError, () => k.argmax(freed)],
      [FreedError, () => k.logSumExp(freed)],
      [ForeignError, () => k.argmax(stranger)],
      [ForeignError, () => k.logSumExp(stranger)],
      [DtypeError, () => k.softmax(ints as never, { out: x })],
      [DtypeError, () => k.softmax(x, { out: ints as never })],
      [FreedError, () => k.softmax(freed, { out: x })],
      [FreedError, () => k.softmax(x, { out: freed })],
      [ForeignError, () => k.softmax(stranger, { out: x })],
      [ForeignError, () => k.softmax(x, { out: stranger })],
      [ForeignError, () => k.softmaxCrossEntropy(x, stranger, { grad: x })],
      [ForeignError, () => k.softmaxCrossEntropy(x, theirs, { grad: x })],
      [ForeignError, () => k.softmax(Object.create(Object.getPrototypeOf(x)), { out: x })],
    ];
    for (const [Refusal, call] of calls) {
      expect(call, String(call)).toThrow(Refusal);
      expectSameBits(room.toArray(), values, String(call));
    }
  });

  it("a batch that a getter of the shape frees meanwhile", () => {
    const { k } = backend;
    const calls: ((x: ResidentBatch, y: ResidentBatch, shape: number[]) => unknown)[] = [
      (x, _, shape) => k.softmax(x, { shape }),
      (x, _, shape) => k.logSumExp(x, { shape }),
      (x, _, shape) => k.argmax(x, { shape }),
      (x, y, shape) => k.softmaxBackward(x, y, { shape }),
      (x, y, shape) => k.softmaxKlDivergence(x, y, { shape }),
      (x, _, shape) => k.softmaxCrossEntropy(x, Int32Array.of(0, 1), { shape }),
    ];
    for (const call of calls) {
      const [x, y] = [k.alloc([2, 3]), k.alloc([2, 3])];
      const shape = [2, 3];
      let reads = 0;
      const get = () => {
        if (++reads === 2) x.free();
        return 3;
      };
      Object.defineProperty(shape, 1, { get });
      expect(() => call(x, y, shape), String(call)).toThrow(FreedError);
      y.free();
    }
  });
});
