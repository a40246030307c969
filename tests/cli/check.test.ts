import { afterEach, describe, expect, it, vi } from "vitest";
import { CALLS } from "../../src/cli/calls.js";
import { check, printCheck } from "../../src/cli/check.js";
import { type LogSumExpState, loadSync, type Xentropy } from "../../src/index.js";
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

  it.each(["value", "loss"])("reports what is wrong with a state: %s", async (output) => {
    const prototype = Object.getPrototypeOf(loadSync().logSumExpState(1));
    const original = prototype[output];
    vi.spyOn(prototype, output).mockImplementation(function (this: unknown, ...args: unknown[]) {
      return original.apply(this, args).map((value: number) => value * 1.001);
    });
    const message = new RegExp(`^logSumExpState: ${output} at row 0, column 0 is .*; the reference has .* ULP apart`);
    expect(await messages("logSumExpState")).toContainEqual(expect.stringMatching(message));
  });

  it("reports a state whose parts aren't merged", async () => {
    const prototype = Object.getPrototypeOf(loadSync().logSumExpState(1));
    const { add } = prototype;
    vi.spyOn(prototype, "merge").mockImplementation(function (this: LogSumExpState) {
      return this.end === 0 ? add.call(this, new Float32Array(this.rows)) : this;
    });
    expect(await messages("logSumExpState")).toContainEqual(expect.stringMatching(/value at .* the reference has/));
  });

  it.each(["value", "loss"])("reports a state with other bits than js, though within its bound: %s", async (output) => {
    const prototype = Object.getPrototypeOf(loadSync());
    const { logSumExpState } = prototype;
    const ofSimd = new WeakSet<object>();
    vi.spyOn(prototype, "logSumExpState").mockImplementation(function (this: Xentropy, ...args) {
      const state = logSumExpState.apply(this, args);
      if (this.backend === "simd") ofSimd.add(state);
      return state;
    });
    const states = Object.getPrototypeOf(loadSync().logSumExpState(1));
    const original = states[output];
    vi.spyOn(states, output).mockImplementation(function (this: object, ...args: unknown[]) {
      const result = original.apply(this, args);
      return ofSimd.has(this) ? result.map(above) : result;
    });
    const message = new RegExp(`^logSumExpState: ${output} at .* the js backend has other bits`);
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
