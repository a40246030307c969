import { describe, expect, it } from "vitest";
import { boundOf, stateOf, summary } from "../../bench/verdict.js";

const about = { against: "", operation: "", engine: "", backend: "", bound: 3, note: "" };
const met = { ...about, sense: "least", ratio: 4, meets: true } as const;
const missed = { ...about, sense: "most", ratio: 4, meets: false } as const;
const unknown = { ...about, sense: "least", meets: false } as const;

describe("what is printed of verdicts", () => {
  it("counts what is met, what is missed and what was not measured", () => {
    expect(summary([met, missed, unknown, unknown])).toBe("1 met, 1 missed, 2 not measured");
  });

  it("says of a bound whether it holds from below or from above", () => {
    expect([met, missed].map(boundOf)).toEqual(["≥ 3x", "≤ 3x"]);
  });

  it("doesn't take what was not measured for a miss", () => {
    expect([met, missed, unknown].map(stateOf)).toEqual(["meets", "misses", "not measured"]);
  });
});
