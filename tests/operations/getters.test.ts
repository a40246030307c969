import { describe, expect, it } from "vitest";
import { DtypeError, FreedError, OverlapError } from "../../src/index.js";
import { describeEachBackend } from "../support/backends.js";
import { linearProblem } from "../support/linear.js";
import { expectRefused } from "../support/refusals.js";
import { optionsOf, run } from "./support/operation.js";
import { NAMED_OPERATIONS } from "./support/operations.js";

const X = Float32Array.of(1, 2, 3, 4, 5, 6);
const shape = [2, 3];
const LAYOUT = { shape, axis: -1 };
/** A batch that the short path takes, and two that it leaves to the general one. */
const LAYOUTS = [LAYOUT, { shape: [2, 2100], axis: -1 }, { shape: [2, 70_000], axis: -1 }];

describeEachBackend("an operand's properties", (backend) => {
  const problem = linearProblem(4, 3, 5);
  const tensors = {
    features: { data: problem.features, dims: [4, 3] },
    weights: { data: problem.weights, dims: [5, 3] },
    bias: { data: problem.bias, dims: [5] },
  };

  it.each([
    ["linearSoftmaxCrossEntropy", { data: problem.labels, dims: [4] }],
    ["linearSigmoidCrossEntropy", { data: problem.targets, dims: [4, 5] }],
  ] as const)("are read once by %s", (method, targets) => {
    const reads: string[] = [];
    const counting = <T extends object>(name: string, tensor: T): T =>
      new Proxy(tensor, {
        get(target, key) {
          reads.push(`${name}.${String(key)}`);
          return Reflect.get(target, key);
        },
      });
    const { bias, features, weights } = tensors;
    const operands = [counting("features", features), counting("weights", weights), counting("targets", targets)];
    (backend.k[method] as (...args: unknown[]) => unknown)(...operands, { bias: counting("bias", bias), grad: true });
    const names = ["features", "weights", "targets", "bias"];
    const once = names.flatMap((name) => ["data", "shape", "dims"].map((key) => `${name}.${key}`));
    expect(reads.filter((read) => !read.endsWith(".type")).sort()).toEqual(once.sort());
  });
});

describeEachBackend("a list of labels", (backend) => {
  /** Labels of which one says something else each time that it is read. */
  function turning(...values: number[]): number[] {
    const labels = [0, 1];
    return Object.defineProperty(labels, 0, { get: () => values.shift() ?? 99 });
  }

  it("is read once: what was checked is what counts", () => {
    const { k } = backend;
    const { features, weights } = linearProblem(2, 3, 5);
    const layer = { shape: [2, 3], grad: true } as const;
    const options = { shape, grad: true } as const;
    expect(k.softmaxCrossEntropy(X, turning(0), options)).toEqual(k.softmaxCrossEntropy(X, [0, 1], options));
    expect(k.nllLoss(X, turning(0), options)).toEqual(k.nllLoss(X, [0, 1], options));
    expect(k.linearSoftmaxCrossEntropy(features, weights, turning(0), layer)).toEqual(
      k.linearSoftmaxCrossEntropy(features, weights, [0, 1], layer),
    );
  });

  it("may make a call while it is read", () => {
    const { k } = backend;
    const labels = [0, 1];
    Object.defineProperty(labels, 0, {
      get() {
        k.softmaxCrossEntropy(Float32Array.of(9, 9, 9), [2]);
        return 0;
      },
    });
    for (const x of [X, k.alloc(shape).set(X)]) {
      const options = { shape, grad: true } as const;
      expect(k.softmaxCrossEntropy(x, labels, options)).toEqual(k.softmaxCrossEntropy(x, [0, 1], options));
    }
  });
});

describeEachBackend("a getter that frees an output", (backend) => {
  /** Frees a batch and takes its place with another; says whether the other still has what stood there. */
  function replacing(size: number[]) {
    const { k } = backend;
    const freed = k.alloc(size);
    let other: ReturnType<typeof k.alloc> | undefined;
    const act = () => {
      if (other) return;
      freed.free();
      other = k.alloc(size);
      other.data.fill(7);
    };
    const untouched = () => {
      const whole = other?.toArray().every((value) => value === 7);
      other?.free();
      return whole;
    };
    return { freed, act, untouched };
  }

  it("in a list of axes, which is read before", () => {
    const { k } = backend;
    const { freed, act, untouched } = replacing([1]);
    const axis = new Proxy([0, 1], {
      get(target, key) {
        act();
        return Reflect.get(target, key);
      },
    });
    expect(() => k.logSumExp(X, { shape, axis, out: freed })).toThrow(FreedError);
    expect(untouched()).toBe(true);
    let reads = 0;
    const shrinking = new Proxy([0, 1], {
      get(target, key) {
        return key === "length" && reads++ > 2 ? 0 : Reflect.get(target, key);
      },
    });
    expect(k.logSumExp(X, { shape, axis: shrinking })).toEqual(k.logSumExp(X));
  });
});

describeEachBackend("lists of a call that makes the memory grow", (backend) => {
  it("are read once", () => {
    const k = backend.open();
    const n = 300;
    const problem = linearProblem(n, 200, n);
    let reads = 0;
    const labels = Object.defineProperty(new Array(n).fill(1), 0, { get: () => (reads++ === 0 ? 1 : 999) });
    const { loss } = k.linearSoftmaxCrossEntropy(problem.features, problem.weights, labels, { shape: [n, 200] });
    const expected = backend.k.linearSoftmaxCrossEntropy(problem.features, problem.weights, new Array(n).fill(1), {
      shape: [n, 200],
    });
    expect(reads).toBe(1);
    expect(loss).toBe(expected.loss);
  });
});

describeEachBackend("options whose getters do something", (backend) => {
  it("find the call unharmed where they make another", () => {
    const { k } = backend;
    const labels = Int32Array.of(0, 1);
    const expected = k.softmaxCrossEntropy(X, labels, { shape, grad: true });
    for (const meanwhile of [
      () => k.softmaxCrossEntropy(X, Int32Array.of(2, 2), { shape, grad: true }),
      () => k.alloc([100_000]).free(),
    ]) {
      const grad = new Float32Array(6);
      const options = {
        shape,
        get grad() {
          meanwhile();
          return grad;
        },
      };
      expect(k.softmaxCrossEntropy(X, labels, options)).toEqual({ loss: expected.loss, grad });
      expect([...grad]).toEqual([...expected.grad]);
    }
  });

  it("are refused where they transfer the batch away", () => {
    expectRefused(backend.k, DtypeError, "DTYPE", (k) => {
      const x = X.slice();
      const options = {
        get out() {
          if (x.length > 0) structuredClone(x, { transfer: [x.buffer] });
          return new Float32Array(6);
        },
      };
      return k.softmax(x, options);
    });
  });

  describe.each(NAMED_OPERATIONS)("are refused by %s where they transfer its batch away", (_, operation) => {
    it.each(operation.variants)("%s", (...variant) => {
      const [first, ...others] = operation.operands(LAYOUT, 103) as [Float32Array, ...unknown[]];
      const options = optionsOf(operation, variant, LAYOUT);
      for (const name of Object.keys(options)) {
        expectRefused(backend.k, DtypeError, "DTYPE", (k) => {
          const x = first.slice();
          const given = Object.defineProperty({ ...options }, name, {
            enumerable: true,
            get() {
              if (x.length > 0) structuredClone(x, { transfer: [x.buffer] });
              return options[name];
            },
          });
          return run(k, operation, [x, ...others], given);
        });
      }
    });
  });

  describe.each(NAMED_OPERATIONS)("are refused by %s where they dispose of the kernels", (_, operation) => {
    it.each(LAYOUTS)("of %o", (layout) => {
      const operands = operation.operands(layout, 104);
      const k = backend.open();
      const options = {
        get shape() {
          k.dispose();
          return layout.shape;
        },
      };
      expect(() => run(k, operation, operands, options)).toThrow(FreedError);
    });
  });

  it("count where the prototype has them", () => {
    class Hot {
      get temperature() {
        return 10;
      }
    }
    const { k } = backend;
    const expected = k.softmax(X, { temperature: 10 });
    expect(k.softmax(X, new Hot())).toEqual(expected);
    const prototype = Object.create(Object.prototype, { temperature: { get: () => 10 } });
    expect(k.softmax(X, Object.create(prototype))).toEqual(expected);
  });

  it("count where the prototype alone has them, beside others", () => {
    class Sum {
      get reduction() {
        return "sum" as const;
      }
    }
    const inherited = Object.assign(new Sum(), { shape });
    for (const labels of [Int32Array.of(0, 1), [0, 1]]) {
      const given = { shape, reduction: "sum" } as const;
      const { k } = backend;
      expect(k.softmaxCrossEntropy(X, labels, inherited)).toEqual(k.softmaxCrossEntropy(X, labels, given));
      expect(k.nllLoss(X, labels, inherited)).toEqual(k.nllLoss(X, labels, given));
    }
  });
});

describeEachBackend("a gradient", (backend) => {
  it("is refused as null, 0 or text", () => {
    for (const grad of [null, 0, "", Number.NaN]) {
      expectRefused(backend.k, DtypeError, "DTYPE", (k) =>
        k.softmaxCrossEntropy(X, [0, 1], { shape, grad: grad as never }),
      );
    }
  });

  it("is spoilt by a NaN of the upstream gradient where that stands alone", () => {
    const { k } = backend;
    const x = Float32Array.of(-1, 0, 1, 2);
    const t = Float32Array.of(0, 1, 0, 1);
    const gradOutput = [1, Number.NaN, 1, 3];
    const options = { reduction: "none", grad: true } as const;
    for (const gradientAt of [
      (upstream: number[]) => k.sigmoidCrossEntropy(x, t, { ...options, gradOutput: upstream }).grad,
      (upstream: number[]) => k.sigmoidFocalLoss(x, t, { ...options, gradOutput: upstream }).grad,
    ]) {
      const grad = gradientAt(gradOutput);
      const plain = gradientAt([1, 1, 1, 3]);
      expect([...grad].map(Number.isNaN)).toEqual([false, true, false, false]);
      for (const i of [0, 2, 3]) expect(grad[i]).toBe(plain[i]);
    }
    const features = Float32Array.of(1, 2, 3, 4);
    const { grad } = k.linearSigmoidCrossEntropy(features, Float32Array.of(1), t, {
      shape: [4, 1],
      reduction: "none",
      grad: { features: true },
      gradOutput,
    });
    expect([...grad.features].map(Number.isNaN)).toEqual([false, true, false, false]);
  });
});

describeEachBackend("labels beyond 2^24", (backend) => {
  it("are compared with the gradient's bytes too", () => {
    if (!backend.affords(2 ** 24)) return;
    const n = 2 ** 24 + 8;
    const grad = new Float32Array(n);
    const labels = new Int32Array(grad.buffer, 0, 1);
    labels[0] = 2 ** 24 + 5;
    expect(() => backend.k.nllLoss(new Float32Array(n), labels, { grad })).toThrow(OverlapError);
  });
});

describeEachBackend("an int32 batch", (backend) => {
  it("holds integers of 32 bits and nothing else", () => {
    const batch = backend.k.alloc([2], { dtype: "int32" }).set([1, 2]);
    for (const source of [
      [1n, null],
      ["1", 0],
      [1.5, 0],
      [Number.NaN, 0],
      [3e10, 0],
      Float32Array.of(0.5, 1),
      [2n ** 31n, 0n],
    ]) {
      expect(() => batch.set(source as number[])).toThrow(DtypeError);
      expect([...batch.data]).toEqual([1, 2]);
    }
    expect([...batch.set([5n, 6]).data]).toEqual([5, 6]);
    batch.set(BigInt64Array.of(-1n, 7n));
    expect([...batch.set(Uint8Array.of(3, 4)).data]).toEqual([3, 4]);
    batch.free();
  });
});

describeEachBackend("a float32 batch", (backend) => {
  it("holds numbers, or is left as it was", () => {
    const batch = backend.k.alloc([2]).set([1, 2]);
    for (const source of [
      ["a", 0],
      [3, null],
      [3, {}],
      [3, undefined],
    ]) {
      expect(() => batch.set(source as number[])).toThrow(DtypeError);
      expect([...batch.data]).toEqual([1, 2]);
    }
    expect([...batch.set([3, 4n]).data]).toEqual([3, 4]);
    batch.free();
  });
});
