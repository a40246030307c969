import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as reference from "../../src/reference/index.js";

const x = [1, 2];
const p = [0.25, 0.75];

/** Every operation that takes options, called with some. */
const CALLS: Record<string, (options: object) => unknown> = {
  argmax: (options) => reference.argmax(x, options),
  binaryCrossEntropy: (options) => reference.binaryCrossEntropy(p, [0, 1], options),
  crossEntropy: (options) => reference.crossEntropy(p, p, options),
  entropy: (options) => reference.entropy(p, options),
  gradientCheck: (options) => reference.gradientCheck(([v]) => ({ loss: v, grad: [1] }), [1], options),
  jensenShannon: (options) => reference.jensenShannon(p, p, options),
  klDivergence: (options) => reference.klDivergence(p, p, options),
  linearSigmoidCrossEntropy: (options) => reference.linearSigmoidCrossEntropy(x, x, [1], options),
  linearSoftmaxCrossEntropy: (options) => reference.linearSoftmaxCrossEntropy(x, [...x, ...x], [1], options),
  logSigmoid: (options) => reference.logSigmoid(x, options),
  logSoftmax: (options) => reference.logSoftmax(x, options),
  logSoftmaxBackward: (options) => reference.logSoftmaxBackward(x, x, options),
  logSumExp: (options) => reference.logSumExp(x, options),
  logit: (options) => reference.logit(p, options),
  nllLoss: (options) => reference.nllLoss(x, [1], options),
  sigmoid: (options) => reference.sigmoid(x, options),
  sigmoidCrossEntropy: (options) => reference.sigmoidCrossEntropy(x, p, options),
  sigmoidFocalLoss: (options) => reference.sigmoidFocalLoss(x, p, options),
  sigmoidSquaredError: (options) => reference.sigmoidSquaredError(x, p, options),
  softmax: (options) => reference.softmax(x, options),
  softmaxBackward: (options) => reference.softmaxBackward(p, x, options),
  softmaxCrossEntropy: (options) => reference.softmaxCrossEntropy(x, [1], options),
  softmaxKlDivergence: (options) => reference.softmaxKlDivergence(x, x, options),
  softplus: (options) => reference.softplus(x, options),
  topK: (options) => reference.topK(x, 1, options),
};

describe("options of the reference", () => {
  it("are checked by every operation that takes any", () => {
    const withoutOptions = ["softmaxJacobian"];
    expect(Object.keys(CALLS).sort()).toEqual(
      Object.keys(reference)
        .filter((name) => !withoutOptions.includes(name))
        .sort(),
    );
  });

  it.each(Object.entries(CALLS))("%s refuses one that doesn't exist, and names those that do", (_, call) => {
    expect(() => call({ labelSmothing: 0.1 })).toThrow(TypeError);
    expect(() => call({ labelSmothing: 0.1 })).toThrow(/no option "labelSmothing" here; there are: \w+/);
    expect(() => call({ labelSmothing: undefined })).toThrow(TypeError);
  });

  it.each(Object.entries(CALLS))(
    "%s refuses a gradient's place: grad is true or false, if it is an option",
    (_, call) => {
      for (const grad of [{ bias: true }, new Float64Array(2), 1, null])
        expect(() => call({ grad })).toThrow(TypeError);
    },
  );

  it.each([
    [1.5, RangeError],
    [Number.NaN, RangeError],
    [Infinity, RangeError],
    [2 ** 31, RangeError],
    ["1", TypeError],
  ])("ignoreIndex %s is refused, which is no integer of 32 bits", (value, error) => {
    const options = { ignoreIndex: value as number };
    expect(() => reference.nllLoss(x, [1], options)).toThrow(error);
    expect(() => reference.softmaxCrossEntropy(x, [1], options)).toThrow(error);
    expect(() => reference.softmaxCrossEntropy(x, Float32Array.from(p), options)).toThrow(error);
  });

  it.each(Object.entries(CALLS))("%s takes all that it names, left undefined", (_, call) => {
    let named = "";
    try {
      call({ none: 1 });
    } catch (error) {
      named = (error as Error).message.split("there are: ")[1];
    }
    const names = named.split(", ");
    expect(names.length).toBeGreaterThan(0);
    expect(() => call(Object.fromEntries(names.map((name) => [name, undefined])))).not.toThrow();
  });

  it.each([
    ["softmax", "axes"],
    ["sigmoid", "axis"],
    ["entropy", "grad"],
    ["linearSoftmaxCrossEntropy", "axis"],
    ["nllLoss", "labelSmoothing"],
    ["softmaxKlDivergence", "softcap"],
    ["softmaxCrossEntropy", "bias"],
  ])("%s has no %s", (name, option) => {
    expect(() => CALLS[name]({ [option]: 1 })).toThrow(`no option "${option}"`);
  });

  it("are an object", () => {
    expect(() => CALLS.softmax(3 as never)).toThrow("options are an object, not 3");
    expect(() => CALLS.softmax(null as never)).toThrow(TypeError);
  });
});

it("the reference imports nothing of what it judges, but types of what is given", () => {
  expect(readFileSync("src/given.ts", "utf8")).not.toMatch(/^(import|export (?!type ))/m);
  for (const file of readdirSync("src/reference")) {
    const imports = [...readFileSync(`src/reference/${file}`, "utf8").matchAll(/ from "([^"]+)"/g)];
    for (const [, from] of imports) expect(from, file).toMatch(/^(\.\/[\w-]+|\.\.\/given)\.js$/);
  }
});
