import { expect, it } from "vitest";
import { AxisError, LabelError, OptionError, OutputError, OverlapError } from "../../src/index.js";
import { describeEachBackend } from "../support/backends.js";
import { expectRefused } from "../support/refusals.js";
import { classes, spread } from "../support/samples.js";
import { expectSameBits } from "../support/ulp.js";

/** The largest brief batch has 4096 numbers. */
const SHAPES = [
  [1, 1],
  [1, 10],
  [3, 7],
  [5, 1],
  [32, 10],
  [1, 4096],
  [4096, 1],
  [2, 2048],
  [1, 4097],
  [241, 17],
] as const;

const ROWS = ["softmax", "logSoftmax"] as const;
const ELEMENTS = ["sigmoid", "logSigmoid", "softplus", "logit"] as const;

/** An option that changes nothing, and that the short way doesn't know. */
const LONG_WAY = { temperature: 1 };

describeEachBackend("a call of few numbers with no options has the bits of the same call with options", (backend) => {
  it.each(SHAPES)("of shape %d x %d", (rows, columns) => {
    const shape = [rows, columns];
    const length = rows * columns;
    const x = spread(length, 1, -30, 30);
    const { k } = backend;
    for (const operation of ROWS) {
      const expected = k[operation](x, { shape, ...LONG_WAY });
      const out = new Float32Array(length);
      expect(k[operation](x, { shape, out })).toBe(out);
      expectSameBits(out, expected, operation);
      expectSameBits(k[operation](x, { shape }), expected, `fresh ${operation}`);
      for (const axis of [-1, 1]) expectSameBits(k[operation](x, { shape, axis, out }), expected, `axis ${axis}`);
      const inPlace = x.slice();
      expectSameBits(k[operation](inPlace, { shape, out: inPlace }), expected, `${operation} in place`);
    }
    const out = new Float32Array(rows);
    expect(k.logSumExp(x, { shape, out })).toBe(out);
    expectSameBits(out, k.logSumExp(x, { shape, ...LONG_WAY }), "logSumExp");

    const labels = classes(rows, columns, 2);
    const expected = k.softmaxCrossEntropy(x, labels, { shape, grad: true, ...LONG_WAY });
    const grad = new Float32Array(length);
    const result = k.softmaxCrossEntropy(x, labels, { shape, grad });
    expect(result.grad).toBe(grad);
    expect(result.loss).toBe(expected.loss);
    expectSameBits(grad, expected.grad, "gradient");
    expect(k.softmaxCrossEntropy(x, labels, { shape })).toEqual({ loss: expected.loss });
    expectSameBits(k.softmaxCrossEntropy(x, labels, { shape, grad: true }).grad, expected.grad, "fresh gradient");

    expect(k.softmaxCrossEntropy(x, [...labels], { shape, grad })).toEqual({ loss: expected.loss, grad });
    expectSameBits(grad, expected.grad, "gradient of listed labels");

    const targets = spread(length, 3, 0, 1);
    const dense = k.softmaxCrossEntropy(x, targets, { shape, grad: true, ...LONG_WAY });
    expect(k.softmaxCrossEntropy(x, targets, { shape, grad })).toEqual({ loss: dense.loss, grad });
    expectSameBits(grad, dense.grad, "gradient of dense targets");
    expect(k.softmaxCrossEntropy(x, targets, { shape })).toEqual({ loss: dense.loss });
    const taught = k.softmaxKlDivergence(x, targets, { shape, grad: true, ...LONG_WAY });
    expect(k.softmaxKlDivergence(x, targets, { shape, grad })).toEqual({ loss: taught.loss, grad });
    expectSameBits(grad, taught.grad, "gradient of distillation");

    const others = spread(length, 5, 0, 1);
    const values = new Float32Array(rows);
    const ways = [
      ["entropy", (options: { out?: Float32Array; unit?: "nats" }) => k.entropy(targets, { shape, ...options })],
      ...(["crossEntropy", "klDivergence", "jensenShannon"] as const).map(
        (name) =>
          [
            name,
            (options: { out?: Float32Array; unit?: "nats" }) => k[name](targets, others, { shape, ...options }),
          ] as const,
      ),
    ] as const;
    for (const [name, call] of ways) {
      const expected = call({ unit: "nats" });
      expect(call({ out: values })).toBe(values);
      expectSameBits(values, expected, name);
      expectSameBits(call({}), expected, `fresh ${name}`);
    }

    const binary = k.sigmoidCrossEntropy(x, targets, { shape, grad: true, gradOutput: 1 });
    expect(k.sigmoidCrossEntropy(x, targets, { shape, grad })).toEqual({ loss: binary.loss, grad });
    expectSameBits(grad, binary.grad, "gradient of elements");
    expect(k.sigmoidCrossEntropy(x, targets, { shape })).toEqual({ loss: binary.loss });
  });

  it.each(SHAPES)("for backward passes and nllLoss, of shape %d x %d", (rows, columns) => {
    const shape = [rows, columns];
    const { k } = backend;
    const logits = spread(rows * columns, 6, -5, 5);
    const upstream = spread(rows * columns, 7, -1, 1);
    const out = new Float32Array(rows * columns);
    for (const [operation, forward] of [
      ["softmaxBackward", k.softmax(logits, { shape })],
      ["logSoftmaxBackward", k.logSoftmax(logits, { shape })],
    ] as const) {
      const expected = k[operation]({ data: forward, shape }, upstream);
      expect(k[operation](forward, upstream, { shape, out })).toBe(out);
      expectSameBits(out, expected, operation);
      for (const place of [0, 1] as const) {
        const given = [forward.slice(), upstream.slice()] as const;
        expectSameBits(k[operation](...given, { shape, out: given[place] }), expected, `${operation} in place`);
      }
    }
    const logProbs = k.logSoftmax(logits, { shape });
    const labels = classes(rows, columns, 8);
    const expected = k.nllLoss({ data: logProbs, shape }, labels, { grad: true });
    expect(k.nllLoss(logProbs, labels, { shape, grad: out })).toEqual({ loss: expected.loss, grad: out });
    expectSameBits(out, expected.grad, "gradient");
    expect(k.nllLoss(logProbs, labels, { shape })).toEqual({ loss: expected.loss });
    expect(k.nllLoss(logProbs, [...labels], { shape })).toEqual({ loss: expected.loss });
    const inPlace = k.nllLoss(logProbs, labels, { shape, grad: logProbs });
    expect(inPlace.loss).toBe(expected.loss);
    expectSameBits(logProbs, expected.grad, "gradient in place");
  });

  it("and lists of labels that aren't plain are as they were", () => {
    const { k } = backend;
    const x = spread(6, 1, -3, 3);
    const shape = [2, 3];
    const expected = k.softmaxCrossEntropy(x, Int32Array.of(2, -100), { shape, grad: true });
    expect(k.softmaxCrossEntropy(x, [2, -100], { shape, grad: true })).toEqual(expected);
    expect(k.softmaxCrossEntropy(x, [-0, 1], { shape })).toEqual(k.softmaxCrossEntropy(x, [0, 1], { shape }));
    for (const labels of [[0.5, 1], [Number.NaN, 1], ["1", 1], new Array(2), [3, 1], [2 ** 32, 1], [-1, 1]]) {
      expect(() => k.softmaxCrossEntropy(x, labels as number[], { shape })).toThrow(LabelError);
      expect(() => k.nllLoss(x, labels as number[], { shape })).toThrow(LabelError);
    }
  });

  it("element by element", () => {
    const { k } = backend;
    for (const length of [1, 10, 999, 4096]) {
      const x = spread(length, 4, 0, 1);
      const room = new Float32Array(length + 1);
      for (const operation of ELEMENTS) {
        // A view that begins later in its buffer is no plain operand.
        const expected = k[operation](x, { out: room.subarray(1) });
        expectSameBits(k[operation](x), expected, operation);
        expectSameBits(k[operation](x, { out: x.slice() }), expected, operation);
      }
    }
  });

  it("along the first of two axes", () => {
    const x = spread(6, 9, -3, 3);
    const turned = Float32Array.of(x[0], x[3], x[1], x[4], x[2], x[5]);
    const p = backend.k.softmax(turned, { shape: [3, 2] });
    const expected = [p[0], p[2], p[4], p[1], p[3], p[5]];
    expectSameBits(backend.k.softmax(x, { shape: [2, 3], axis: 0 }), expected, "softmax");
  });

  it("and takes ignored labels, integer targets and lists for what they are", () => {
    const { k } = backend;
    const x = spread(6, 5, -3, 3);
    const shape = [2, 3];
    const ignored = k.softmaxCrossEntropy(x, Int32Array.of(-100, 2), { shape, grad: true });
    expect([...ignored.grad.subarray(0, 3)]).toEqual([0, 0, 0]);
    const same = k.softmaxCrossEntropy(x, [-100, 2], { shape, grad: true });
    expectSameBits(ignored.grad, same.grad, "gradient");
    const floats = k.sigmoidCrossEntropy(x, Float32Array.of(0, 1, 1, 0, 0, 1), { grad: true });
    const integers = k.sigmoidCrossEntropy(x, Uint8Array.of(0, 1, 1, 0, 0, 1), { grad: true });
    expectSameBits(floats.grad, integers.grad, "gradient");
  });
});

describeEachBackend("a call of few numbers refuses what every call does", (backend) => {
  const shape = [2, 3];

  it("arrays that overlap and begin with the same bytes", () => {
    expectRefused(backend.k, OverlapError, "OVERLAP", (k, watch) => {
      const grad = watch(new Float32Array(6));
      return k.softmaxCrossEntropy(Float32Array.of(1, 2, 3, 4, 5, 6), new Int32Array(grad.buffer, 0, 2), {
        shape,
        grad,
      });
    });
    expectRefused(backend.k, OverlapError, "OVERLAP", (k, watch) => {
      const x = watch(Float32Array.of(1, 2, 3, 4, 5, 6));
      return k.logSumExp(x, { shape, out: new Float32Array(x.buffer, 0, 2) });
    });
    expectRefused(backend.k, OverlapError, "OVERLAP", (k, watch) => {
      const targets = watch(Float32Array.of(1, 0, 0, 1, 1, 0));
      return k.sigmoidCrossEntropy(new Float32Array(6), targets, { grad: targets });
    });
    for (const operation of ["softmaxCrossEntropy", "softmaxKlDivergence"] as const) {
      expectRefused(backend.k, OverlapError, "OVERLAP", (k, watch) => {
        const other = watch(Float32Array.of(0.5, 0.5, 0, 1, 0, 0));
        const x = new Float32Array(6);
        const options = { shape, grad: other };
        return operation === "softmaxCrossEntropy"
          ? k.softmaxCrossEntropy(x, other, options)
          : k.softmaxKlDivergence(x, other, options);
      });
    }
    expectRefused(backend.k, OverlapError, "OVERLAP", (k, watch) => {
      const room = watch(Float32Array.of(1, 2, 3, 4, 5, 6, 7));
      return k.softmax(room.subarray(0, 6), { out: room.subarray(1) });
    });
  });

  it("labels out of range, outputs of another length and options that don't exist", () => {
    const x = Float32Array.of(1, 2, 3, 4, 5, 6);
    for (const label of [3, -1, -2147483648]) {
      expectRefused(backend.k, LabelError, "LABEL", (k, watch) =>
        k.softmaxCrossEntropy(x, Int32Array.of(0, label), { shape, grad: watch(new Float32Array(6)) }),
      );
    }
    expectRefused(backend.k, OutputError, "OUTPUT", (k, watch) => k.softmax(x, { out: watch(new Float32Array(5)) }));
    expectRefused(backend.k, OutputError, "OUTPUT", (k, watch) =>
      k.sigmoidCrossEntropy(x, new Float32Array(6), { grad: watch(new Float32Array(7)) }),
    );
    expectRefused(backend.k, OptionError, "OPTION", (k, watch) =>
      k.softmax(x, { out: watch(new Float32Array(6)), shpae: shape } as object),
    );
    expectRefused(backend.k, OptionError, "OPTION", (k, watch) =>
      k.sigmoid(x, { out: watch(new Float32Array(6)), axis: -1 } as object),
    );
    expectRefused(backend.k, AxisError, "AXIS", (k, watch) =>
      k.softmax(x, { out: watch(new Float32Array(6)), axis: 1 }),
    );
    expectRefused(backend.k, OptionError, "OPTION", (k) => k.softmax(x, null as never));
  });
});
