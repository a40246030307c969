import { describe, expect, it } from "vitest";
import { OptionError } from "../src/index.js";
import { describeEachBackend } from "./support/backends.js";
import { expectRefused, filled } from "./support/refusals.js";

const X = Float32Array.of(1, 2, 3, 4, 5, 6);
const LABELS = [0, 2];
const T = Float32Array.of(1, 0, 0, 0, 0, 1);

describeEachBackend("options", (backend) => {
  describe.each([
    ["softmax", "out"],
    ["logSoftmax", "out"],
    ["softmaxCrossEntropy", "grad"],
    ["sigmoidCrossEntropy", "grad"],
  ] as const)("of %s", (name, output) => {
    const call = (options: unknown) => {
      const { k } = backend;
      if (name === "softmaxCrossEntropy") return k.softmaxCrossEntropy(X, LABELS, options as never);
      if (name === "sigmoidCrossEntropy") return k.sigmoidCrossEntropy(X, T, options as never);
      return k[name](X, options as never);
    };

    it("are refused where there is no such option, and the message lists those there are", () => {
      for (const unknown of ["Shape", "axes", "output", "labelSmoothin", "weight"]) {
        const { message } = expectRefused(backend.k, OptionError, "OPTION", (_, watch) =>
          call({ shape: [2, 3], [output]: watch(filled(6)), [unknown]: 1 }),
        );
        expect(message).toContain(`"${unknown}"`);
        expect(message).toContain("shape");
      }
    });

    it("are refused where an option that doesn't exist is inherited", () => {
      expectRefused(backend.k, OptionError, "OPTION", () => call(Object.create({ shpae: [2, 3] })));
    });

    it("are refused where they are no object", () => {
      for (const options of [null, 3, "mean", true, [1], () => {}]) {
        expectRefused(backend.k, OptionError, "OPTION", () => call(options));
      }
    });

    it("that are undefined are as if not given", () => {
      const loss = name.endsWith("Entropy") ? { reduction: undefined } : {};
      expect(call({ shape: [2, 3], [output]: undefined, ...loss })).toEqual(call({ shape: [2, 3] }));
      expect(backend.k.softmax(X, { shape: undefined })).toEqual(backend.k.softmax(X));
    });

    it("are each read exactly once", () => {
      const given = { shape: [2, 3], [output]: new Float32Array(6) };
      const all = name.endsWith("Entropy") ? { ...given, reduction: "sum" } : given;
      const reads: string[] = [];
      const options = {};
      for (const [key, value] of Object.entries(all)) {
        const get = () => {
          reads.push(key);
          return value;
        };
        Object.defineProperty(options, key, { get, enumerable: true });
      }
      call(options);
      expect(reads.sort()).toEqual(Object.keys(all).sort());
    });
  });

  it.each(["avg", "", "MEAN", null, true, 0, ["mean"]])("reduction %j is refused", (reduction) => {
    expectRefused(backend.k, OptionError, "OPTION", (k, watch) =>
      k.softmaxCrossEntropy(X, LABELS, { shape: [2, 3], reduction: reduction as never, grad: watch(filled(6)) }),
    );
    expectRefused(backend.k, OptionError, "OPTION", (k, watch) =>
      k.softmaxCrossEntropy(X, T, { shape: [2, 3], reduction: reduction as never, grad: watch(filled(6)) }),
    );
    expectRefused(backend.k, OptionError, "OPTION", (k, watch) =>
      k.sigmoidCrossEntropy(X, T, { reduction: reduction as never, grad: watch(filled(6)) }),
    );
  });

  it.each([0.5, Number.NaN, Infinity, 2 ** 31, -(2 ** 31) - 1, "1", true, 1n, [1]])(
    "ignoreIndex %s is refused, which is no integer of 32 bits",
    (ignoreIndex) => {
      for (const targets of [LABELS, T]) {
        expectRefused(backend.k, OptionError, "OPTION", (k, watch) =>
          k.softmaxCrossEntropy(X, targets as never, {
            shape: [2, 3],
            ignoreIndex: ignoreIndex as never,
            grad: watch(filled(6)),
          }),
        );
      }
    },
  );

  it("ignoreIndex is refused with dense targets if it names a class, and has no effect if it doesn't", () => {
    const { k } = backend;
    for (const ignoreIndex of [0, 2, 7]) {
      expectRefused(k, OptionError, "OPTION", (_, watch) =>
        k.softmaxCrossEntropy(X, T, { shape: [2, 3], ignoreIndex, grad: watch(filled(6)) }),
      );
    }
    const plain = k.softmaxCrossEntropy(X, T, { shape: [2, 3] });
    expect(k.softmaxCrossEntropy(X, T, { shape: [2, 3], ignoreIndex: -100 })).toEqual(plain);
    expect(k.softmaxCrossEntropy(X, T, { shape: [2, 3], ignoreIndex: -1 })).toEqual(plain);
  });

  it.each(["float64", "Float32", "", null, 32])("dtype %j of a resident batch is refused", (dtype) => {
    expectRefused(backend.k, OptionError, "OPTION", (k) => k.alloc([2], { dtype: dtype as never }));
  });

  it("of alloc that don't exist are refused", () => {
    expectRefused(backend.k, OptionError, "OPTION", (k) => k.alloc([2], { type: "int32" } as never));
    expectRefused(backend.k, OptionError, "OPTION", (k) => k.alloc([2], null as never));
  });
});
