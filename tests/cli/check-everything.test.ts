import { expect, it } from "vitest";
import { xentropy } from "./run.js";

it("xentropy check finds every value of every operation within its bound", () => {
  const { status, stdout } = xentropy("check", "--json");
  const { failures, findings, backends } = JSON.parse(stdout);
  expect(failures).toEqual([]);
  expect(status).toBe(0);
  expect(backends).toEqual(expect.arrayContaining(["simd", "js"]));
  expect(findings.length).toBeGreaterThan(25);
}, 120_000);
