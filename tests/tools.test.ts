import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const TOOLS = ["derive", "fuzz", "golden", "size", "verify-exhaustive", "verify-memory", "verify-rows"];

function run(tool: string, ...args: string[]) {
  const program = fileURLToPath(new URL(`../build/programs/tools/${tool}.js`, import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { encoding: "utf8" });
  return { status, stdout, stderr };
}

describe.each(TOOLS)("%s", (tool) => {
  it("refuses an option that it doesn't have, in words and with status 2, before it does anything", () => {
    const { status, stdout, stderr } = run(tool, "--wrong");
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(/^Unknown option '--wrong'.*\n\nUsage: npm run /);
  });
});

it.each([
  ["fuzz", "--minutes", "0", '"0" is no positive number.'],
  ["fuzz", "--backend", "js", 'There is no backend "js"; there are: simd, relaxed.'],
  ["verify-rows", "--seed", "one", '"one" is no whole number from 0 to 999999999.'],
  ["verify-exhaustive", "--stride", "0", '"0" is no whole number from 1 to 65536.'],
  ["verify-exhaustive", "--backend", "wasm", 'There is no backend "wasm"; there are: simd, relaxed, js.'],
])("%s says what is wrong with %s %s", (tool, option, value, text) => {
  const { status, stderr } = run(tool, option, value);
  expect(status).toBe(2);
  expect(stderr.split("\n")[0]).toBe(text);
});

describe("fuzz", () => {
  it("fails if no case was run", () => {
    const { status, stderr } = run("fuzz", "--minutes", "0.000001", "--threads", "1");
    expect(status).toBe(1);
    expect(stderr).toMatch(/No case was run\.$/m);
  });

  it.each(["60", "103"])("draws %s cases, no more", (cases) => {
    const { status, stdout } = run("fuzz", "--cases", cases, "--threads", "1");
    expect(stdout).toMatch(new RegExp(`^${cases} cases on simd, seeds 1 to ${cases === "60" ? 1 : 2}, `, "m"));
    expect(status).toBe(0);
  });
});
