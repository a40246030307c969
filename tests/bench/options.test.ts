import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { UsageError } from "../../bench/command-line.js";
import { run as runLinear } from "../../bench/linear.js";
import { effortOf } from "../../bench/measure.js";
import { readOptions } from "../../bench/options.js";
import { run as runSideBySide } from "../../bench/side-by-side.js";
import { run as runStart } from "../../bench/start.js";
import { run as runThreads } from "../../bench/threads.js";

describe("a benchmark refuses what it would ignore, before it measures anything:", () => {
  it.each([
    ["--shape", "32x10"],
    ["--backend", "js"],
    ["--logits", "wide"],
    ["--placement", "resident"],
    ["--peers"],
    ["--no-limit"],
    ["--targets"],
    ["--html", "build/x.html"],
  ])("engines, %s", async (...args) => {
    const text = `${args[0]} is of no use to this benchmark, which takes --op, --quick, --json, --install, --help.`;
    await expect(runSideBySide(args)).rejects.toThrow(new UsageError(text));
  });

  it("start, any argument", async () => {
    await expect(runStart(["--quick"])).rejects.toThrow(UsageError);
  });

  it("linear, a backend that isn't compared", async () => {
    await expect(runLinear(["--backend", "js"])).rejects.toThrow(/no backend "js"; there are: simd, relaxed/);
  });

  it.each(["0x2x3", "1x2", "1x2x3x4", "abc", "1x2x"])("linear, the shape %s", async (shape) => {
    await expect(runLinear(["--shape", shape, "--memory"])).rejects.toThrow(`"${shape}" is no shape N x D x C`);
  });

  it.each([["--memory", "--peers"], ["--memory", "--quick"], ["--memory", "--install"], ["--install"]])(
    "linear, %s %s",
    async (...args) => {
      await expect(runLinear(args)).rejects.toThrow(/measures no time|of no use without --peers/);
    },
  );

  it.each([["--op", "softmax"], ["--shape", "32x10"], ["--quick"], ["--peers"], ["--install"]])(
    "--from with %s",
    (...args) => {
      const text = `${args[0]}: of no use beside --from, which measures nothing.`;
      expect(() => readOptions(["--from", "x.json", ...args])).toThrow(new UsageError(text));
    },
  );

  it.each([[], ["--targets"]])("--install with nothing to install: %s", (...args) => {
    expect(() => readOptions(["--install", ...args])).toThrow("--install is of no use without --peers or --engines");
  });

  it.each([
    ["sigmoid", "32x10"],
    ["softmax", "100000"],
  ])("%s at %s", (operation, shape) => {
    const read = () => readOptions(["--op", operation, "--shape", shape]);
    expect(read).toThrow("None of these operations takes such a shape");
  });

  it("threads, a second number", async () => {
    await expect(runThreads(["2", "3"])).rejects.toThrow(/"3" is one argument too many/);
  });

  it.each([
    [["1"], '"1" is no whole number from 2 to 256'],
    [["two"], '"two" is no whole number'],
    [["--op", "nllLoss"], 'no operation in this benchmark "nllLoss"; there are: softmax, '],
  ])("threads, %s", async (args, text) => {
    await expect(runThreads(args)).rejects.toThrow(text);
  });
});

it("every option is read where nothing says which are of use", () => {
  expect(readOptions(["--shape", "32x10", "--quick"])).toMatchObject({ shapes: ["32x10"], quick: true });
});

it("what makes a difference is taken", () => {
  expect(readOptions(["--from", "x.json", "--targets", "--html", "x.html"])).toMatchObject({ from: ["x.json"] });
  expect(readOptions(["--engines", "--install"])).toMatchObject({ engines: true, install: true });
  expect(readOptions(["--install", "--op", "softmax"], ["op", "install"])).toMatchObject({ install: true });
});

it("--quick makes rounds fewer, with other engines too", () => {
  for (const turns of [false, true]) {
    expect(effortOf(turns, true).rounds).toBeLessThan(effortOf(turns, false).rounds);
  }
});

describe("each benchmark says what it takes", () => {
  it.each(["", "engines", "extras", "linear", "start", "threads"])("%s", (benchmark) => {
    const usage = new RegExp(`^Usage: npm run bench -- ${benchmark || "\\[options"}`, "m");
    const help = run(benchmark, "--help");
    expect(help).toMatchObject({ status: 0, stderr: "" });
    expect(help.stdout).toMatch(usage);
    const wrong = run(benchmark, "--wrong");
    expect(wrong).toMatchObject({ status: 2, stdout: "" });
    expect(wrong.stderr).toMatch(/^Unknown option '--wrong'/);
    expect(wrong.stderr.split("\n\n").slice(1).join("\n\n")).toBe(help.stdout);
  });
});

function run(benchmark: string, ...args: string[]) {
  const program = fileURLToPath(new URL("../../build/programs/bench/main.js", import.meta.url));
  const words = [program, ...(benchmark ? [benchmark] : []), ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: "utf8" });
  return { status, stdout, stderr };
}
