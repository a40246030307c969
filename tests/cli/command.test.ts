import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { xentropy } from "./run.js";

const QUICK = ["bench", "--quick", "--op", "softmax", "--shape", "4x10", "--shape", "2x100"];

describe("the xentropy command", () => {
  it.each([["--help"], ["help"], ["info", "--help"], ["check", "--help"], ["bench", "-h"]])(
    "has help: %s %s",
    (...args) => {
      const { status, stdout, stderr } = xentropy(...args);
      expect(stdout).toMatch(/^Usage: xentropy/);
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    },
  );

  it("names its commands on standard error when none is given", () => {
    const { status, stdout, stderr } = xentropy();
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(/info.*check.*bench/s);
  });

  it.each([
    [["nonsense"], "info, check, bench"],
    [["info", "--bogus"], "--bogus"],
    [["check", "--op", "sofmax"], 'no operation "sofmax"; there are: softmax,'],
    [["check", "--backend", "gpu"], "simd, relaxed, js"],
    [["check", "--seed", "x"], "--seed"],
    [["bench", "--op", "topK"], "there are: softmax, logSoftmax"],
    [["bench", "--shape", "10"], "such as 32x1000"],
    [["bench", "--shape", "0x5"], "such as 32x1000"],
    [["bench", "extra"], "extra"],
  ])("refuses %j with status 2 and says what it wants", (args, words) => {
    const { status, stdout, stderr } = xentropy(...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toContain(words);
    expect(stderr).toContain("xentropy --help");
  });

  it("prints its version", () => {
    const { version } = JSON.parse(readFileSync("package.json", "utf8"));
    expect(xentropy("--version").stdout).toBe(`${version}\n`);
  });

  it("writes neither colour nor progress to a pipe", () => {
    const { stdout, stderr } = xentropy(...QUICK);
    expect(stdout).not.toContain("\x1b");
    expect(stderr).toBe("");
  });
});

describe("xentropy info", () => {
  it("says which backend load() chooses and why, and how large the binaries are", () => {
    const { status, stdout } = xentropy("info");
    expect(status).toBe(0);
    expect(stdout).toMatch(/load\(\) chooses +simd, 1 thread: first of the default list/);
    expect(stdout).toMatch(/simd\.wasm +[\d,]+ +[\d,]+ +yes/);
  });

  it("has the same as JSON", () => {
    const { chosen, binaries, backends } = JSON.parse(xentropy("info", "--json").stdout);
    expect(chosen).toMatchObject({ backend: "simd", threads: 1 });
    expect(backends.js).toMatchObject({ available: true });
    const simd = binaries.find(({ name }: { name: string }) => name === "simd.wasm");
    expect(simd.bytes).toBe(readFileSync("dist/simd.wasm").length);
  });
});

describe("xentropy bench", () => {
  it("prints a row with a bar for each shape", () => {
    const { status, stdout } = xentropy(...QUICK);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^ +4x10 +[\d.,]+ +[\d.,]+ +[\d.,]+x/m);
    expect(stdout).toMatch(/^ +2x100 .*x +[█▏▎▍▌▋▊▉]+$/m);
  });

  it("gives JSON alone with --json", () => {
    const { backend, results } = JSON.parse(xentropy(...QUICK, "--backend", "js", "--json").stdout);
    expect(backend).toBe("js");
    expect(results).toHaveLength(2);
    for (const { javascript, kernels, speedup } of results) expect(speedup).toBeCloseTo(javascript / kernels, 10);
  });

  it("writes a page that fetches nothing", () => {
    const file = join(mkdtempSync(join(tmpdir(), "xentropy-")), "bench.html");
    const { status, stdout } = xentropy(...QUICK, "--html", file);
    const html = readFileSync(file, "utf8");
    expect({ status, told: stdout.includes(file) }).toEqual({ status: 0, told: true });
    expect(html).toContain("<td>4 × 10</td>");
    expect(html).not.toMatch(/https?:|src=|<link|<script|@import|url\(/);
  });

  it("says at once that a file can't be written", () => {
    const { status, stdout, stderr } = xentropy(...QUICK, "--html", "/nowhere/at/all.html");
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toContain("/nowhere/at/all.html");
  });
});
