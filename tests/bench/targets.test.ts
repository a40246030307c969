import { describe, expect, it } from "vitest";
import type { Result, RunRecord, Timing } from "../../bench/record.js";
import { judge } from "../../bench/targets.js";

function timing(name: string, kind: Timing["kind"], placement: Timing["placement"], ns: number): Timing {
  return { name, kind, placement, ns, rounds: [ns] };
}

function result(shape: string, elements: number, timings: Timing[], passes: Result["passes"] = {}): Result {
  return { operation: "softmax", shape, elements, spread: "normal", timings, passes };
}

function record(engine: string, results: Result[]): RunRecord {
  return {
    machine: { cpu: "", cores: 1, platform: "", engine, compiler: "" },
    effort: { rounds: 1, roundTime: 0, warmupTime: 0, caseTime: 0, leastRounds: 1 },
    date: "",
    versions: { xentropy: "0" },
    missing: { relaxed: "no flag" },
    results,
  };
}

function verdictOf(records: RunRecord[], against: RegExp, engine: string, backend: string) {
  return judge(records).find(
    (v) => against.test(v.against) && v.operation === "softmax" && v.engine === engine && v.backend === backend,
  );
}

describe("judging targets", () => {
  const against = /plain JavaScript, foreign, 32x1000/;

  it("goes by the worst shape, and by large ones only", () => {
    const shapes = [
      result("1x10", 10, [timing("JavaScript", "javascript", "foreign", 1), timing("simd", "xentropy", "foreign", 9)]),
      result("32x1000", 32_000, [
        timing("JavaScript", "javascript", "foreign", 90),
        timing("simd", "xentropy", "foreign", 10),
      ]),
      result("128x1000", 128_000, [
        timing("JavaScript", "javascript", "foreign", 84),
        timing("simd", "xentropy", "foreign", 10),
      ]),
    ];
    const verdict = verdictOf([record("Node 20.1.0", shapes)], against, "Node 20", "simd");
    expect(verdict).toMatchObject({ ratio: 8.4, note: "128x1000 normal", meets: true, bound: 8 });
    expect(verdictOf([record("Node 24.1.0", shapes)], against, "Node 24", "simd")).toMatchObject({ meets: false });
  });

  it("leaves out axis cases that it was not set with", () => {
    const slow = [timing("JavaScript", "javascript", "foreign", 10), timing("simd", "xentropy", "foreign", 10)];
    const fast = [timing("JavaScript", "javascript", "foreign", 90), timing("simd", "xentropy", "foreign", 10)];
    const shapes = [result("1000x201/0", 201_000, slow), result("8x64x4096/1", 2_097_152, fast)];
    const verdict = verdictOf([record("Node 20.1.0", shapes)], against, "Node 20", "simd");
    expect(verdict).toMatchObject({ ratio: 9, note: "8x64x4096/1 normal", meets: true });
  });

  it("says why something was not measured", () => {
    const records = [record("Node 24.1.0", [])];
    expect(verdictOf(records, against, "Node 20", "simd")?.note).toBe("Node 20 was not run");
    expect(verdictOf(records, against, "Node 24", "relaxed")?.note).toBe("no flag");
    expect(verdictOf(records, /best wasm peer/, "Node 24", "simd")?.note).toMatch("bench/peers was not run");
  });

  it("takes the fastest peer that stands in the same place", () => {
    const timings = [
      timing("simd", "xentropy", "foreign", 10),
      timing("slow", "wasm", "foreign", 30),
      timing("fast", "wasm", "foreign", 20),
      timing("native", "native", "resident", 1),
    ];
    const verdict = verdictOf(
      [record("Node 20.1.0", [result("32x1000", 32_000, timings)])],
      /best wasm/,
      "Node 20",
      "simd",
    );
    expect(verdict).toMatchObject({ ratio: 2, meets: true });
  });

  it("holds the limit from above, in nanoseconds an element", () => {
    const passes = { simd: { max: 0.1, exp: 0.8, scale: 0.1, copy: 0.1 } };
    const timings = [timing("simd", "xentropy", "resident", 1.3 * 32_000)];
    const verdict = verdictOf(
      [record("Node 20.1.0", [result("32x1000", 32_000, timings, passes)])],
      /limit/,
      "Node 20",
      "simd",
    );
    expect(verdict?.ratio).toBeCloseTo(1.3);
    expect(verdict?.meets).toBe(false);
  });

  it("compares the newest engines with each other, by the fastest round of those that ran side by side", () => {
    const of = (...rounds: number[]) => [
      result("32x1000", 32_000, [{ ...timing("simd", "xentropy", "resident", 50), rounds }]),
    ];
    const beside = (engine: string, ...rounds: number[]) => ({ ...record(engine, of(...rounds)), sideBySide: true });
    const records = [
      record("Deno 2.9.0", of(1)),
      beside("Node 20.1.0", 99),
      beside("Node 26.1.0", 30, 10, 12),
      beside("Bun 1.4.0", 14, 15, 40),
    ];
    const verdict = judge(records).find((v) => /engines/.test(v.against) && v.operation === "softmax");
    expect(verdict).toMatchObject({ ratio: 1.4, note: "Bun against Node", meets: false });
  });
});
