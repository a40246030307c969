import { describe, expect, it } from "vitest";
import { checked } from "../src/check.js";
import { DtypeError, type ElementTargets, FreedError, LabelError, OptionError } from "../src/index.js";
import { describeEachBackend } from "./support/backends.js";
import { NAMED_CALLS, operandsFor, residentBeside, takesEmptyRows } from "./support/calls.js";
import { expectRefused, filled, outOfBounds } from "./support/refusals.js";
import { normal } from "./support/samples.js";
import { expectSameBits } from "./support/ulp.js";

const SHAPES = [
  [3, 0],
  [0, 3],
  [1, 1],
  [3, 5],
  [5, 67],
  [2, 2049],
] as const;

describeEachBackend("checked kernels", (backend) => {
  const plain = () => backend.k;

  it("finds linear losses within their bound where gradients to logits are subnormal, and features large", () => {
    const k = checked(plain());
    for (let i = 0; i < 400; i++) {
      const far = 85 + i * 0.06;
      const features = Float32Array.of(255, 31 + i);
      const weights = Float32Array.of(0, 0, -far / 255, 0);
      k.linearSoftmaxCrossEntropy(features, weights, [0], { shape: [1, 2], grad: true });
      k.linearSigmoidCrossEntropy(features, weights, Float32Array.of(0, 0), { shape: [1, 2], grad: true });
    }
  });

  it("takes padding of a linear layer for what it is, whatever its features are", () => {
    const k = checked(plain());
    for (const padding of [Number.NaN, Infinity, 0]) {
      const features = Float32Array.of(0.001, -0.00077, padding);
      for (const labels of [{ y: [0, 1, 0], sampleWeights: [1, 1, 0] }, { y: [0, 1, -100] }]) {
        const { y, ...weights } = labels;
        const options = { shape: [3, 1], grad: { bias: true, features: true }, ...weights } as const;
        const { loss } = k.linearSoftmaxCrossEntropy(features, Float32Array.of(1, -1), y, options);
        expect(loss).toBeCloseTo(Math.LN2, 2);
      }
    }
  });

  it("confirms losses of linear layers with masked classes", () => {
    const k = checked(plain());
    for (let seed = 0; seed < 40; seed++) {
      const bias = normal(5, seed);
      bias[1] = bias[seed % 5] = -Infinity;
      const options = { shape: [4, 8], bias, grad: true, reduction: "none" } as const;
      const labels = [0, 2, 3, 4].filter((label) => bias[label] !== -Infinity);
      const y = Array.from({ length: 4 }, (_, i) => labels[i % labels.length]);
      k.linearSoftmaxCrossEntropy(normal(32, seed + 1), normal(40, seed + 2), y, options);
    }
    const options = { bias: Float32Array.of(0, -Infinity, 0), grad: true } as const;
    k.linearSoftmaxCrossEntropy(Float32Array.of(1, 2), Float32Array.of(1, 0, 0, 1, 1, 1), [0], options);
    expect(k.linearSoftmaxCrossEntropy(Float32Array.of(1, 2), filled(6), [1], options).loss).toBe(Infinity);
  });

  it("confirms dense targets that smoothing brings near 0", () => {
    const k = checked(plain());
    const [x, t] = [Float32Array.of(0, -200, -300), Float32Array.of(3, -0.037037, 1)];
    for (const classWeights of [undefined, [1, 3, 0.1]]) {
      k.softmaxCrossEntropy(x, t, { labelSmoothing: 0.1, grad: true, ...(classWeights && { classWeights }) });
    }
    for (let seed = 0; seed < 100; seed++) {
      const targets = normal(100, seed, 0, 0.5);
      k.softmaxCrossEntropy(normal(100, seed + 1, 0, 9), targets, { shape: [10, 10], labelSmoothing: 0.1, grad: true });
    }
  });

  it("confirms as little smoothing as there can be", () => {
    const k = checked(plain());
    const options = { labelSmoothing: 1e-42, gradOutput: 1e10, grad: true } as const;
    k.softmaxCrossEntropy(Float32Array.of(0, -200, -200), [0], options);
    k.softmaxCrossEntropy(Float32Array.of(0, -200, -200), [0], { ...options, classWeights: [1, 2, 0.5] });
  });

  it("takes alpha as the float64 number it is, of which 1 − α keeps every bit", () => {
    const k = checked(plain());
    for (const alpha of [0.001, 0.1, 0.9, 0.999, 1 - 2 ** -30]) {
      for (const gamma of [0, 1, 2]) {
        const options = { alpha, gamma, reduction: "none", grad: true } as const;
        k.sigmoidFocalLoss(Float32Array.of(0.5, -3, 2), Float32Array.of(0, 0, 1), options);
      }
    }
  });

  it("takes targets of a list as the float32 numbers that kernels see", () => {
    const k = checked(plain());
    const options = { reduction: "none", grad: true } as const;
    for (const t of [1 - 1e-9, 1e-46]) {
      k.sigmoidCrossEntropy(Float32Array.of(12), [t], options);
      k.sigmoidFocalLoss(Float32Array.of(12), [t], options);
      k.binaryCrossEntropy(Float32Array.of(0.99999), [t], options);
    }
  });

  it("lets losses below the smallest normal float be rounded each by itself in a sum", () => {
    const k = checked(plain());
    const [x, t] = [new Float32Array(4096).fill(-1000.4), new Float32Array(4096).fill(2 ** -149)];
    for (const reduction of ["none", "sum", "mean"] as const) k.sigmoidCrossEntropy(x, t, { reduction, grad: true });
  });

  it("measures by the magnitudes of terms where targets outside [0, 1] make them cancel", () => {
    const k = checked(plain());
    const targets = [-0.5, 1.5, -1.4999, 0.3, 1.0001];
    const x = normal(400, 3, 0, 4);
    const t = Float32Array.from(x, (_, i) => targets[i % targets.length]);
    for (const reduction of ["none", "sum", "mean"] as const) {
      const options = { reduction, grad: true } as const;
      k.sigmoidCrossEntropy(x, t, options);
      k.sigmoidCrossEntropy(x, t, { ...options, labelSmoothing: 0.1, posWeight: 3, gradOutput: 0.3 });
      for (const gamma of [0, 1, 2]) {
        for (const alpha of [undefined, 0.25]) k.sigmoidFocalLoss(x, t, { ...options, gamma, alpha });
      }
    }
  });

  it("counts exactly: no distance is allowed", () => {
    const bounds = new Map<string, number>();
    const k = checked(plain(), {
      onMeasure: ({ operation, output, bound }) => bounds.set(`${operation} ${output}`, bound),
    });
    const options = { correct: true, zLoss: 1, classWeights: [1, 2, 3] } as const;
    k.softmaxCrossEntropy(filled(3), [1], options);
    k.linearSoftmaxCrossEntropy(filled(3), filled(9), [1], options);
    expect(bounds.get("softmaxCrossEntropy correct")).toBe(0);
    expect(bounds.get("linearSoftmaxCrossEntropy correct")).toBe(0);
    expect(bounds.get("softmaxCrossEntropy loss")).toBeGreaterThan(0);
  });

  describe.each(NAMED_CALLS)("%s", (_, call) => {
    it.each(SHAPES)("returns what the unchecked one does, shape [%i, %i]", (rows, length) => {
      if (length === 0 && !takesEmptyRows(call)) return;
      const k = checked(plain());
      const { x, beside, shape } = operandsFor(call, rows, length);
      for (const reduction of ["none", "sum", "mean"] as const) {
        const expected = call.run(plain(), x, beside, { shape, reduction });
        const got = call.run(k, x, beside, { shape, reduction });
        expectSameBits(got.array, expected.array, `array, ${reduction}`);
        expectSameBits(got.loss, expected.loss, `loss, ${reduction}`);
      }
    });

    it("writes where it is told and returns that: arrays, resident batches and the input", () => {
      const k = checked(plain());
      const { x, beside, shape } = operandsFor(call, 4, 33);
      const expected = call.run(plain(), x, beside, { shape });
      const tensor = call.run(k, { data: x, dims: shape }, beside, {});
      expectSameBits(tensor.array, expected.array, "a tensor");
      if (!call.replaces) return;
      const z = k.alloc(shape).set(x);
      const to = k.alloc(shape);
      const there = residentBeside(k, beside, shape);
      for (const place of [new Float32Array(x.length), to, to.data]) {
        expect(call.run(k, z, there, { to: place }).array).toBe(place);
        expectSameBits(place, expected.array, "array");
      }
      for (const operand of call.replaces) {
        const copies = { x: x.slice(), beside: beside?.slice() as Float32Array };
        expect(call.run(k, copies.x, copies.beside, { shape, to: copies[operand] }).array).toBe(copies[operand]);
        expectSameBits(copies[operand], expected.array, `in place of ${operand}`);
      }
      for (const batch of [z, to, there]) batch?.free();
    });

    it("takes a shape in place of the operand's own", () => {
      const { x, beside, shape } = operandsFor(call, 2, 3);
      const expected = call.run(plain(), x, beside, { shape });
      const got = call.run(checked(plain()), { data: x, dims: [x.length] }, beside, { shape });
      expectSameBits(got.array, expected.array, "array");
      expectSameBits(got.loss, expected.loss, "loss");
    });

    it("confirms special values", () => {
      const k = checked(plain());
      for (const value of [Number.NaN, Infinity, -Infinity, 1e-45]) {
        const { x, beside, shape } = operandsFor(call, 3, 5);
        x[7] = value;
        call.run(k, x, beside, { shape });
        x.fill(value, 5, 10);
        call.run(k, x, beside, { shape, reduction: "sum" });
      }
    });
  });

  it("confirm ignored labels, and nothing to average", () => {
    const k = checked(plain());
    const x = Float32Array.of(1, 2, 3, 4, 5, 6);
    expect(k.softmaxCrossEntropy(x, [1, -100], { shape: [2, 3], grad: true })).toEqual(
      plain().softmaxCrossEntropy(x, [1, -100], { shape: [2, 3], grad: true }),
    );
    expect(k.softmaxCrossEntropy(x, BigInt64Array.of(7n, 7n), { shape: [2, 3], ignoreIndex: 7 }).loss).toBeNaN();
  });

  it("confirm linear losses with logits of ±Infinity beside others", () => {
    const k = checked(plain());
    for (const bias of [Infinity, -Infinity]) {
      const x = Float32Array.of(0.3);
      const w = Float32Array.of(1, 1.1, -1.1);
      const options = {
        shape: [1, 1],
        bias: Float32Array.of(bias, 0.1, 0.1 + 0.66),
        grad: { features: true },
      } as const;
      const { grad } = k.linearSigmoidCrossEntropy(x, w, Float32Array.of(bias > 0 ? 1 : 0, 0, 0), options);
      // The two others' gradients all but cancel.
      expect(Math.abs(grad.features[0])).toBeLessThan(1e-7);
    }
  });

  it("confirm targets of each element in lists and 64-bit integers, and refuse float16", () => {
    const k = checked(plain());
    const x = Float32Array.of(0.1, 0.2, 0.9);
    const run = (targets: ElementTargets) => [
      k.sigmoidCrossEntropy(x, targets, { grad: true }),
      k.sigmoidFocalLoss(x, targets, { grad: true }),
      k.binaryCrossEntropy(x, targets, { grad: true, reduction: "sum" }),
      k.linearSigmoidCrossEntropy(x, Float32Array.of(2), targets, { shape: [3, 1], grad: true }),
    ];
    expect(run([1, 0, 1])).toEqual(run(Float32Array.of(1, 0, 1)));
    expect(run([0.3, 0.1, 0.7])).toEqual(run(Float32Array.of(0.3, 0.1, 0.7)));
    expect(k.sigmoidFocalLoss(x, { data: [0.1, 0.3, 0], shape: [3] })).toEqual(k.sigmoidFocalLoss(x, [0.1, 0.3, 0]));
    expect(run(BigInt64Array.of(1n, 0n, 1n))).toEqual(run(Float32Array.of(1, 0, 1)));
    const half = { data: Uint16Array.of(0x3c00, 0, 0), dims: [3], type: "float16" };
    expect(() => k.sigmoidCrossEntropy(x, half)).toThrow(DtypeError);
  });

  it("allocate, count and name as the kernels they wrap", () => {
    const k = checked(plain());
    expect([k.backend, k.threads, k.memory]).toEqual([plain().backend, plain().threads, plain().memory]);
    const z = k.alloc([2, 2]).set([1, 2, 3, 4]);
    expect(plain().softmax(z)).toEqual(k.softmax(z));
    z.free();
  });

  it("are refused for options that there are not", () => {
    for (const options of [null, 5, "onMeasure", { onMeasur() {} }, { onMeasure: 5 }, { onMeasure: null }]) {
      expectRefused(plain(), OptionError, "OPTION", (k) => checked(k, options as never));
    }
    for (const options of [undefined, {}, { onMeasure: undefined }]) checked(plain(), options).softmax(filled(3));
  });

  it("throw for a wrong argument what the kernels throw, and write as little", () => {
    const k = checked(plain());
    const freed = k.alloc([6]);
    freed.free();
    const gone = filled(6);
    structuredClone(gone, { transfer: [gone.buffer] });
    const to = filled(6);
    expectRefused(k, FreedError, "FREED", (_, watch) => k.softmax(freed, { out: watch(to) }));
    expectRefused(k, DtypeError, "DTYPE", (_, watch) => k.softmax(gone, { out: watch(to) }));
    expectRefused(k, DtypeError, "DTYPE", (_, watch) => k.softmax(outOfBounds(Float32Array), { out: watch(to) }));
    expectRefused(k, DtypeError, "DTYPE", (_, watch) => k.softmax(undefined as never, { out: watch(to) }));
    expectRefused(k, OptionError, "OPTION", (_, watch) => k.softmax(filled(6), { out: watch(to), oot: to } as never));
    expectRefused(k, OptionError, "OPTION", () => k.softmax(filled(6), null as never));
    expectRefused(k, OptionError, "OPTION", () => k.softmax(filled(6), { nope: undefined } as never));
    expectRefused(k, OptionError, "OPTION", () => k.softmax(filled(6), Object.create({ shpae: [6] })));
    expectRefused(k, OptionError, "OPTION", (_, watch) =>
      k.sigmoidFocalLoss(filled(6), new Float32Array(6), { gamma: 1e39, grad: watch(to) }),
    );
    expectRefused(k, LabelError, "LABEL", (_, watch) => k.softmaxCrossEntropy(filled(6), [6], { grad: watch(to) }));
  });

  it("take an option that is undefined for none", () => {
    const k = checked(plain());
    const options = { shape: [1, 2], state: undefined, start: undefined, grad: undefined } as const;
    expect(k.softmaxCrossEntropy(Float32Array.of(1, 2), [0], options).loss).toBeCloseTo(1.3133, 4);
  });

  it("take a single weight as float32, as the kernels do", () => {
    const k = checked(plain());
    for (const weight of [1e-45, 0.1, 1e-40]) {
      const options = { elementWeights: weight, posWeight: weight, grad: true } as const;
      k.sigmoidCrossEntropy(Float32Array.of(88, -3), Float32Array.of(0, 1), options);
    }
  });

  it("read each option, and each property of a tensor, exactly once", () => {
    const reads: string[] = [];
    const counting = (values: object) => {
      const object = {};
      for (const [key, value] of Object.entries(values)) {
        const get = () => {
          reads.push(key);
          return value;
        };
        Object.defineProperty(object, key, { get, enumerable: true });
      }
      return object;
    };
    const x = counting({ data: filled(6), dims: [2, 3] });
    checked(plain()).softmax(x as never, counting({ shape: [3, 2], out: new Float32Array(6) }));
    expect(reads.splice(0).sort()).toEqual(["data", "dims", "out", "shape"]);
    const grad = counting({ features: true, bias: new Float32Array(2) });
    const layer = { shape: [2, 3], grad } as const;
    checked(plain()).linearSoftmaxCrossEntropy(filled(6), filled(6), [0, 1], layer);
    expect(reads.sort()).toEqual(["bias", "features"]);
  });
});
