import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { xentropy, xentropyIn, xentropyTo, xentropyToClosedPipe } from "./run.js";

const QUICK = ["bench", "--quick", "--op", "softmax", "--shape", "4x10", "--shape", "2x100"];

describe("the xentropy command", () => {
  it.each([
    [["--help"], "<command>"],
    [["help"], "<command>"],
    [["info", "--help"], "info"],
    [["check", "--help"], "check"],
    [["bench", "-h"], "bench"],
    [["help", "bench"], "bench"],
    [["help", "--help"], "<command>"],
    [["help", "check", "-h"], "check"],
  ])("has help for %j, in lines that fit a terminal", (args, subject) => {
    const { status, stdout, stderr } = xentropy(...args);
    expect(stdout).toMatch(new RegExp(`^Usage: xentropy ${subject}`));
    for (const line of stdout.split("\n")) expect(line.length).toBeLessThan(80);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });

  it("names its commands on standard error when none is given", () => {
    const { status, stdout, stderr } = xentropy();
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(/info.*check.*bench/s);
  });

  it.each([
    [["nonsense"], "info, check, bench"],
    [["--foo"], 'no option "--foo" before a command; there are: --help, --version.'],
    [["info", "--bogus"], "Unknown option '--bogus'; there are: --help, --json."],
    [["bench", "--ops"], "Unknown option '--ops'; there are: --op, --shape,"],
    [["bench", "--op"], "argument missing"],
    [["bench", "--html", ""], "--html wants the name of a file"],
    [["check", "--op", "sofmax"], 'no operation "sofmax"; there are: softmax,'],
    [["check", "--backend", "gpu"], "simd, relaxed, js"],
    [["check", "--seed", "x"], "--seed"],
    [["bench", "--op", "topK"], 'no operation that bench times "topK"; there are: softmax, logSoftmax'],
    [["bench", "--shape", "10"], "such as 32x1000"],
    [["bench", "--backend", "js", "--backend", "simd"], "one --backend"],
    [["bench", "--shape", "0x5"], "such as 32x1000"],
    [["bench", "extra"], "extra"],
    [["help", "nope"], 'no command "nope"; there are: info, check, bench, help'],
    [["--help", "extra"], 'no command "extra"'],
    [["help", "info", "extra"], "Unexpected argument 'extra'"],
    [["--version", "extra"], "Unexpected argument 'extra'"],
  ])("refuses %j with status 2 and says what it wants", (args, words) => {
    const { status, stdout, stderr } = xentropy(...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toContain(words);
    const [command] = args;
    const help = /^(info|check|bench)$/.test(command) ? `xentropy ${command} --help` : "xentropy --help";
    expect(stderr).toMatch(new RegExp(`\nTry: ${help}\n$`));
  });

  it("prints its version", () => {
    const { version } = JSON.parse(readFileSync("package.json", "utf8"));
    expect(xentropy("--version").stdout).toBe(`${version}\n`);
  });

  it("has info where there is no WebAssembly", () => {
    const { status, stdout, stderr } = xentropyIn(["--jitless"], "info", "--json");
    expect({ status, stderr: stderr.replace(/^Warning: .*\n/, "") }).toEqual({ status: 0, stderr: "" });
    const { chosen, backends, sharedMemory, binaries } = JSON.parse(stdout);
    expect([chosen.backend, sharedMemory]).toEqual(["js", false]);
    expect(backends.simd.reason).toContain("no WebAssembly");
    expect(binaries.map(({ valid }: { valid: boolean }) => valid)).not.toContain(true);
  });

  it("writes neither colour nor progress to a pipe", () => {
    const { stdout, stderr } = xentropy(...QUICK);
    expect(stdout).not.toContain("\x1b");
    expect(stderr).toBe("");
  });

  const COMMANDS = [
    ["info"],
    ["info", "--json"],
    ["check", "--op", "sigmoid"],
    QUICK,
    [...QUICK, "--json"],
    ["--help"],
  ];

  it.each(COMMANDS.map((args) => [args]))("ends quietly when its reader has seen enough: %j", async (args) => {
    expect(await xentropyToClosedPipe(...args)).toEqual({ status: 0, stderr: "" });
  });

  it.skipIf(!existsSync("/dev/full")).each(COMMANDS.map((args) => [args]))(
    "says in a line that the disk is full: %j",
    (args) => {
      const { status, stderr } = xentropyTo("/dev/full", ...args);
      expect(status).toBe(1);
      expect(stderr).toMatch(/^The output can't be written: ENOSPC.*\n$/);
    },
  );
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
    const { backend, results } = JSON.parse(xentropy(...QUICK, "--shape", "4x10", "--backend", "js", "--json").stdout);
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
    expect(stderr).toMatch(/^ENOENT.*\/nowhere\/at\/all\.html.*\n$/);
  });

  it.skipIf(!existsSync("/dev/full"))("keeps a page that is there until the new one is written", () => {
    const file = join(mkdtempSync(join(tmpdir(), "xentropy-")), "bench.html");
    writeFileSync(file, "kept");
    expect(xentropyTo("/dev/full", ...QUICK, "--html", file).status).toBe(1);
    expect(readFileSync(file, "utf8")).toBe("kept");
    expect(xentropy(...QUICK, "--html", file).status).toBe(0);
    expect(readFileSync(file, "utf8")).toMatch(/^<!doctype html>/);
  });
});
