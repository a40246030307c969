import { describe, expect, it } from "vitest";
import { DtypeError, OptionError, WeightError, type Xentropy, XentropyError } from "../src/index.js";
import { describeEachBackend } from "./support/backends.js";
import { detached, expectRefused, filled } from "./support/refusals.js";

const LABELS = [0, 2];

describeEachBackend("wrong weights", (backend) => {
  const refuse = (options: object, error = WeightError, code = "WEIGHT") =>
    expectRefused(backend.k, error, code, (k, watch) =>
      k.softmaxCrossEntropy(watch(filled(6)), LABELS, { shape: [2, 3], grad: watch(filled(6)), ...options }),
    );

  describe.each([
    ["classWeights", 3],
    ["sampleWeights", 2],
  ] as const)("%s are refused, before anything is written,", (name, count) => {
    it("of another length", () => {
      for (const length of [0, 1, count + 1, 6]) {
        refuse({ [name]: new Float32Array(length) });
        refuse({ [name]: Array(length).fill(1) });
      }
    });

    it.each([-1, -1e-45, Number.NaN, Infinity, -Infinity, 1e39])("with %d among them", (bad) => {
      refuse({ [name]: [...Array(count - 1).fill(1), bad] });
      refuse({ [name]: Float32Array.from([bad, ...Array(count - 1).fill(1)]) });
    });

    it.each([
      ["a number", 1],
      ["text", "111"],
      ["null", null],
      ["a Float64Array", new Float64Array(count)],
      ["a detached array", detached(count)],
    ])("that are no array of floats: %s", (_, weights) => {
      refuse({ [name]: weights }, DtypeError, "DTYPE");
    });

    it.each([1n, Symbol("w")])("that are no numbers, with an error of the package: %s", (bad) => {
      const options = { shape: [2, 3], [name]: Array(count).fill(bad) };
      expect(() => backend.k.softmaxCrossEntropy(filled(6), LABELS, options)).toThrow(XentropyError);
    });
  });

  it.each([-0.1, 1.1, Number.NaN, Infinity, "0.1", null, true])("labelSmoothing %s is refused", (labelSmoothing) => {
    refuse({ labelSmoothing }, OptionError, "OPTION");
    expectRefused(backend.k, OptionError, "OPTION", (k, watch) =>
      k.sigmoidCrossEntropy(filled(6), filled(6), { labelSmoothing: labelSmoothing as number, grad: watch(filled(6)) }),
    );
  });

  it.each([-1, Number.NaN, Infinity, "1", null])("zLoss %s is refused", (zLoss) => {
    refuse({ zLoss }, OptionError, "OPTION");
  });

  it.each([0, -1, Number.NaN, Infinity, "1", null, 1e-50, 1e39])(
    "temperature and softcap %s are refused, which as float32 are not positive and finite",
    (value) => {
      for (const name of ["temperature", "softcap"]) refuse({ [name]: value }, OptionError, "OPTION");
      const temperature = value as number;
      const x = filled(6);
      expectRefused(backend.k, OptionError, "OPTION", (k, watch) =>
        k.softmax(x, { temperature, out: watch(filled(6)) }),
      );
      expectRefused(backend.k, OptionError, "OPTION", (k, watch) =>
        k.logSoftmax(x, { temperature, out: watch(filled(6)) }),
      );
      expectRefused(backend.k, OptionError, "OPTION", (k, watch) =>
        k.logSumExp(x, { temperature, out: watch(filled(1)) }),
      );
      expectRefused(backend.k, OptionError, "OPTION", (k, watch) =>
        k.softmaxKlDivergence(x, x, { temperature, grad: watch(filled(6)) }),
      );
    },
  );

  it.each([1, 0, "yes", null, {}])("correct and logSumExp %s are refused, which are no flags", (flag) => {
    refuse({ correct: flag }, OptionError, "OPTION");
    refuse({ logSumExp: flag }, OptionError, "OPTION");
  });

  it("correct is refused with dense targets", () => {
    expectRefused(backend.k, OptionError, "OPTION", (k, watch) =>
      k.softmaxCrossEntropy(filled(6), filled(6), { shape: [2, 3], correct: true, grad: watch(filled(6)) }),
    );
  });

  it.each(["NaN", "zeros", null, 0])("emptyRow %j is refused", (emptyRow) => {
    expectRefused(backend.k, OptionError, "OPTION", (k, watch) =>
      k.softmax(filled(6), { emptyRow: emptyRow as "zero", out: watch(filled(6)) }),
    );
  });

  it.each(["bit", "NATS", null, 2])("unit %j is refused", (unit) => {
    const p = filled(6);
    const options = { unit: unit as "bits" };
    expectRefused(backend.k, OptionError, "OPTION", (k) => k.entropy(p, options));
    for (const name of ["crossEntropy", "klDivergence", "jensenShannon", "binaryCrossEntropy"] as const) {
      expectRefused(backend.k, OptionError, "OPTION", (k, watch) =>
        (k[name] as Xentropy["klDivergence"])(p, p, { ...options, grad: watch(filled(6)) }),
      );
    }
  });

  it.each([
    ["alpha", -0.1],
    ["alpha", 1.1],
    ["alpha", Number.NaN],
    ["gamma", -1],
    ["gamma", Number.NaN],
    ["gamma", Infinity],
    ["gamma", "2"],
  ])("%s %s of sigmoidFocalLoss is refused", (name, value) => {
    expectRefused(backend.k, OptionError, "OPTION", (k, watch) =>
      k.sigmoidFocalLoss(filled(6), filled(6), { [name]: value, grad: watch(filled(6)) }),
    );
  });

  it("gradOutput is refused where it isn't a number for mean and sum, or one a loss for none", () => {
    refuse({ gradOutput: Float32Array.of(1, 1) });
    refuse({ gradOutput: Float32Array.of(1), reduction: "sum" });
    refuse({ gradOutput: new Float32Array(3), reduction: "none" });
    refuse({ gradOutput: new Float32Array(6), reduction: "none" });
    expectRefused(backend.k, WeightError, "WEIGHT", (k, watch) =>
      k.sigmoidCrossEntropy(filled(6), filled(6), {
        shape: [2, 3],
        reduction: "none",
        gradOutput: new Float32Array(2),
        grad: watch(filled(6)),
      }),
    );
  });

  describe.each(["posWeight", "elementWeights"])("%s is refused, before anything is written,", (name) => {
    const refuseSigmoid = (weights: unknown, error: typeof WeightError | typeof DtypeError, code: string) =>
      expectRefused(backend.k, error, code, (k, watch) =>
        k.sigmoidCrossEntropy(filled(6), filled(6), { shape: [2, 3], [name]: weights, grad: watch(filled(6)) }),
      );

    it("where it doesn't broadcast over the batch", () => {
      for (const weights of [
        new Float32Array(2),
        new Float32Array(4),
        { data: new Float32Array(3), shape: [3, 1] },
        { data: new Float32Array(2), shape: [1, 2] },
        { data: new Float32Array(6), shape: [1, 2, 3] },
        { data: new Float32Array(0), shape: [0] },
      ]) {
        refuseSigmoid(weights, WeightError, "WEIGHT");
      }
    });

    it("where one is negative or not finite", () => {
      for (const bad of [-1, Number.NaN, Infinity]) {
        refuseSigmoid(bad, WeightError, "WEIGHT");
        refuseSigmoid([1, 1, bad], WeightError, "WEIGHT");
      }
    });

    it("where it is no float array", () => {
      for (const bad of [new Float64Array(3), "1", null]) refuseSigmoid(bad, DtypeError, "DTYPE");
    });
  });
});
