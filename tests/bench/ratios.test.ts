import { expect, it } from "vitest";
import { distinct } from "../../bench/ratios.js";
import { javascript, own, result } from "./records.js";

it("of several runs of a case the one with the most contenders counts", () => {
  const few = result("1x10", [own("foreign")]);
  const many = result("1x10", [own("foreign"), javascript(1)]);
  expect(distinct([few, many])).toEqual([many]);
  expect(distinct([many, few])).toEqual([many]);
  const others = [{ ...few, operation: "argmax" }, { ...few, shape: "32x10" }, { ...few, spread: "wide" } as const];
  expect(distinct([many, ...others])).toEqual([many, ...others]);
});
