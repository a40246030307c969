import { afterEach, describe, expect, it, vi } from "vitest";
import { CALLS } from "../../src/cli/calls.js";
import { check, printCheck } from "../../src/cli/check.js";
import { loadSync, type Xentropy } from "../../src/index.js";
import { xentropy } from "./run.js";

/** Methods whose results `check` doesn't judge: they manage memory. */
const MANAGING = ["constructor", "alloc", "memory", "threads", "dispose"];

const operations = (k: Xentropy) =>
  Object.getOwnPropertyNames(Object.getPrototypeOf(k)).filter((name) => !MANAGING.includes(name));

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
    const options = { operations: ["logSumExpState"], backends: ["simd"], named: true, seed: 1, json: false } as const;
    const { failures } = await check(options);
    expect(failures.map((failure) => failure.message)).toContainEqual(expect.stringMatching(message));
  });

  it("names a backend that can't be had, with status 1 where it was asked for", () => {
    const { backends } = JSON.parse(xentropy("info", "--json").stdout);
    const { status, stdout, stderr } = xentropy("check", "--op", "logit", "--backend", "relaxed");
    if (backends.relaxed.available) expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    else expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stdout + stderr).toContain("relaxed");
  });
});
