import { afterEach, describe, expect, it, vi } from "vitest";
import { CALLS } from "../../src/cli/calls.js";
import { check, printCheck } from "../../src/cli/check.js";
import { loadSync, type StateData, type Xentropy } from "../../src/index.js";
import { xentropy } from "./run.js";

/** Methods whose results `check` doesn't judge: they manage memory. */
const MANAGING = ["constructor", "alloc", "memory", "threads", "dispose"];

const operations = (k: Xentropy) =>
  Object.getOwnPropertyNames(Object.getPrototypeOf(k)).filter((name) => !MANAGING.includes(name));

/** What is found wrong with an operation on simd. */
async function messages(operation: string): Promise<string[]> {
  const options = { operations: [operation], backends: ["simd"], named: true, seed: 1, json: false } as const;
  return (await check(options)).failures.map(({ message }) => message);
}

/** The next float. */
function above(value: number): number {
  const bits = new Int32Array(Float32Array.of(value).buffer);
  bits[0] += value < 0 ? -1 : 1;
  return new Float32Array(bits.buffer)[0];
}

describe("xentropy check", () => {
  afterEach(() => void vi.restoreAllMocks());

  it("calls every operation", () => {
    expect(Object.keys(CALLS).sort()).toEqual(operations(loadSync()).sort());
  });

  it("prints the largest error of each operation on each backend, and that all is well", () => {
    const { status, stdout } = xentropy("check", "--op", "softmax", "--op", "sigmoid", "--seed", "7");
    expect(status).toBe(0);
    expect(stdout).toMatch(/^ +softmax +\d\.\d\d.* 4$/m);
    expect(stdout).toMatch(/^ +sigmoid +\d\.\d\d.* 2\.5$/m);
    expect(stdout).toMatch(/ok: [\d,]+ values compared with the reference, those of simd bit for bit with js\./);
  });

  it("gives the same numbers for the same seed, others for another", () => {
    const json = (seed: string) => xentropy("check", "--op", "softmax", "--json", "--seed", seed).stdout;
    expect(json("3")).toBe(json("3"));
    expect(JSON.parse(json("3")).findings).not.toEqual(JSON.parse(json("4")).findings);
  });

  it("reports a wrong value, and that not all is well", async () => {
    const said: string[] = [];
    vi.spyOn(console, "log").mockImplementation((text: string) => void said.push(text));
    const { softmax } = Object.getPrototypeOf(loadSync());
    vi.spyOn(Object.getPrototypeOf(loadSync()), "softmax").mockImplementation(function (this: Xentropy, ...args) {
      const result = softmax.apply(this, args);
      if (this.backend === "simd") result[1] += 1e-6;
      return result;
    });
    const options = { operations: ["softmax"], backends: ["simd"], named: true, seed: 1, json: false } as const;
    const report = await check(options);
    printCheck(report, options);
    expect(report.failures).not.toEqual([]);
    expect(said.join("\n")).toMatch(/failed +simd, .*: softmax: out at row 1, column 0 .* other bits/);
  });

  it.each([
    ["value", /logSumExpState: value at row 0, column 0 is .*; logSumExp has .* ULP apart/],
    ["loss", /logSumExpState: loss at row 0, column 0 is .*; the reference has .* ULP apart/],
    ["toJSON", /logSumExpState: value at row 0, column 0 is .*; before JSON it was .* ULP apart/],
  ] as const)("reports what is wrong with a state: %s", async (method, message) => {
    const prototype = Object.getPrototypeOf(loadSync().logSumExpState(1));
    const original = prototype[method];
    vi.spyOn(prototype, method).mockImplementation(function (this: unknown, ...args: unknown[]) {
      const result = original.apply(this, args) as Float32Array & { nodes: [{ values: number[] }] };
      if (method === "toJSON") for (const { values } of result.nodes) values[1] *= 1.001;
      else result[0] *= 1.001;
      return result;
    });
    expect(await messages("logSumExpState")).toContainEqual(expect.stringMatching(message));
  });

  it("reports a state whose shards don't survive JSON", async () => {
    const prototype = Object.getPrototypeOf(loadSync().logSumExpState(1));
    const { toJSON } = prototype;
    vi.spyOn(prototype, "toJSON").mockImplementation(function (this: unknown) {
      const data = toJSON.call(this) as StateData;
      const wrong = data.nodes.map(({ end, values }) => ({ end, values: values.map((_, i) => [9, 1, 0][i % 3]) }));
      return data.start > 0 ? { ...data, nodes: wrong } : data;
    });
    expect(await messages("logSumExpState")).toContainEqual(expect.stringMatching(/value at .* logSumExp has/));
  });

  it.each(["value", "loss"])("reports a state with other bits than js, though within its bound: %s", async (output) => {
    const prototype = Object.getPrototypeOf(loadSync());
    const { logSumExp, logSumExpState } = prototype;
    vi.spyOn(prototype, "logSumExpState").mockImplementation(function (this: Xentropy, ...args) {
      const state = logSumExpState.apply(this, args);
      const right = state[output].bind(state);
      if (this.backend === "simd") state[output] = (...logits: unknown[]) => right(...logits).map(above);
      return state;
    });
    vi.spyOn(prototype, "logSumExp").mockImplementation(function (this: Xentropy, ...args) {
      const result = logSumExp.apply(this, args);
      return output === "value" && this.backend === "simd" ? result.map(above) : result;
    });
    const message = new RegExp(`^logSumExpState: ${output} at .* the js backend has`);
    expect(await messages("logSumExpState")).toContainEqual(expect.stringMatching(message));
  });

  it("lists what it found in the order in which operations were named", async () => {
    const operations = ["sigmoid", "argmax", "softmax"];
    const { findings } = await check({ operations, backends: ["simd"], named: true, seed: 1, json: false });
    expect(findings.map(({ operation }) => operation)).toEqual(operations);
  });

  it("names a backend that can't be had, with status 1 where it was asked for", () => {
    const { backends } = JSON.parse(xentropy("info", "--json").stdout);
    const { status, stdout, stderr } = xentropy("check", "--op", "logit", "--backend", "relaxed");
    if (backends.relaxed.available) expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    else expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stdout + stderr).toContain("relaxed");
  });
});
