import { describe, expect, it } from "vitest";
import { UsageError } from "../../bench/command-line.js";
import { run as runLinear } from "../../bench/linear.js";
import { readOptions } from "../../bench/options.js";
import { run as runSideBySide } from "../../bench/side-by-side.js";
import { run as runStart } from "../../bench/start.js";

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
    await expect(runStart(["--quick"])).rejects.toThrow(/"--quick" is of no use .* takes no options/);
  });

  it("linear, a backend that isn't compared", async () => {
    await expect(runLinear(["--backend", "js"])).rejects.toThrow(/no backend "js"; there are: simd, relaxed/);
  });
});

it("every option is read where nothing says which are of use", () => {
  expect(readOptions(["--shape", "32x10", "--quick"])).toMatchObject({ shapes: ["32x10"], quick: true });
});
