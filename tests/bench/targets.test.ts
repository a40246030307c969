import { describe, expect, it } from "vitest";
import type { Result, RunRecord } from "../../bench/record.js";
import { judge } from "../../bench/targets.js";
import { javascript, own, record, result, timing } from "./records.js";

function verdictOf(records: RunRecord[], against: RegExp, engine = "Node 20", backend = "simd") {
  return judge(records).find(
    (v) => against.test(v.against) && v.operation === "softmax" && v.engine === engine && v.backend === backend,
  );
}

/** On Node 20. */
function verdict(results: Result[], against: RegExp) {
  return verdictOf([record("Node 20.1.0", results)], against);
}

describe("judging targets", () => {
  const against = /plain JavaScript, foreign, 32x1000/;

  it("goes by the worst shape, and by large ones only", () => {
    const shapes = [
      result("1x10", [javascript(1), own("foreign", 9)]),
      result("32x1000", [javascript(90), own("foreign")]),
      result("128x1000", [javascript(84), own("foreign")]),
    ];
    const said = { ratio: 8.4, note: "128x1000 normal", meets: true, bound: 8 };
    expect(verdict(shapes, against)).toMatchObject(said);
    expect(verdictOf([record("Node 24.1.0", shapes)], against, "Node 24")).toMatchObject({ meets: false });
  });

  it("finds a target met where the ratio is its bound", () => {
    const shapes = [result("32x1000", [javascript(80), own("foreign")])];
    expect(verdict(shapes, against)).toMatchObject({ ratio: 8, meets: true });
  });

  it("leaves out axis cases that it was not set with", () => {
    const slow = [javascript(10), own("foreign")];
    const fast = [javascript(90), own("foreign")];
    const shapes = [result("1000x201/0", slow), result("8x64x4096/1", fast)];
    expect(verdict(shapes, against)).toMatchObject({ ratio: 9, note: "8x64x4096/1 normal", meets: true });
  });

  it("doesn't take classes that lie across for rows", () => {
    const across = result("8x64x4096/1", [own("foreign"), timing("tf", "wasm", "foreign", 11)]);
    const rows = result("32x1000", [own("foreign"), timing("tf", "wasm", "foreign", 20)]);
    expect(verdict([across, rows], /best wasm peer, foreign, 32x1000/)).toMatchObject({ ratio: 2 });
    expect(verdict([across, rows], /best wasm peer, foreign, axis 1/)).toMatchObject({ ratio: 1.1 });
  });

  it("takes 1x10 and 32x10 for small, peers of any kind, and the worse of both places", () => {
    const at = (shape: string, ns: number) =>
      result(shape, [
        own("foreign"),
        own("resident"),
        timing("lib", "plain", "foreign", ns),
        timing("ort", "native", "resident", 90),
      ]);
    const said = { ratio: 6, note: "32x10 normal", meets: true };
    expect(verdict([at("1x10", 80), at("32x10", 60)], /any peer/)).toMatchObject(said);
  });

  it("leaves out records of engines that took turns", () => {
    const beside = {
      ...record("Node 20.1.0", [result("32x1000", [javascript(10), own("foreign")])]),
      sideBySide: true,
    };
    const alone = record("Node 20.1.0", [result("32x1000", [javascript(90), own("foreign")])]);
    expect(verdictOf([beside, alone], against)).toMatchObject({ ratio: 9 });
  });

  it("says why something was not measured", () => {
    const records = [{ ...record("Node 24.1.0", []), missing: { relaxed: "no flag" } }];
    expect(verdictOf(records, against)?.note).toBe("Node 20 was not run");
    expect(verdictOf(records, against, "Node 24", "relaxed")?.note).toBe("no flag");
    expect(verdictOf(records, against, "Node 24")?.note).toBe("no such case was run");
    expect(verdictOf(records, /best wasm peer/, "Node 24")?.note).toMatch("bench/peers was not run");
    const withPeers = { ...record("Node 24.2.0", []), versions: { xentropy: "0", tf: "4" } };
    expect(verdictOf([...records, withPeers], /best wasm peer/, "Node 24", "simd")?.note).toBe("no such case was run");
  });

  it("takes the fastest peer that stands in the same place", () => {
    const timings = [
      own("foreign"),
      timing("slow", "wasm", "foreign", 30),
      timing("fast", "wasm", "foreign", 20),
      timing("native", "native", "resident", 1),
    ];
    expect(verdict([result("32x1000", timings)], /best wasm/)).toMatchObject({ ratio: 2, meets: true });
  });
});

describe("the limit", () => {
  const passes = { simd: { max: 0, exp: 1, scale: 0, copy: 0 } };
  const at = (shape: string, ratio: number) => {
    const { elements } = result(shape, []);
    return result(shape, [own("resident", ratio * elements)], passes);
  };

  it("is held from above, in nanoseconds an element", () => {
    const three = { simd: { max: 0.1, exp: 0.8, scale: 0.1, copy: 9 } };
    const slow = verdict([result("32x1000", [own("resident", 1.3 * 32_000)], three)], /limit/);
    expect(slow?.ratio).toBeCloseTo(1.3);
    expect(slow?.meets).toBe(false);
    expect(verdict([at("32x1000", 1.2)], /limit/)).toMatchObject({ ratio: 1.2, meets: true });
  });

  it.each([
    [1.1, 1.5],
    [1.5, 1.1],
  ])("goes by the largest of %f and %f", (first, second) => {
    const shapes = [at("32x1000", first), at("128x1000", second)];
    expect(verdict(shapes, /limit/)).toMatchObject({ ratio: 1.5, meets: false });
  });
});

describe("the newest engines", () => {
  const of = (...rounds: number[]) => [result("32x1000", [{ ...own("resident", 50), rounds }])];
  const beside = (engine: string, ...rounds: number[]) => ({ ...record(engine, of(...rounds)), sideBySide: true });
  const verdict = (records: RunRecord[]) =>
    judge(records).find((v) => /engines/.test(v.against) && v.operation === "softmax");

  it("are compared with each other, by the fastest round of those that ran side by side", () => {
    const records = [
      record("Deno 2.9.0", of(1)),
      beside("Node 20.1.0", 99),
      beside("Node 26.1.0", 30, 10, 12),
      beside("Bun 1.4.0", 14, 15, 40),
    ];
    expect(verdict(records)).toMatchObject({ ratio: 1.4, note: "Bun against Node", meets: false });
  });

  it("meet their target at its bound, and are not judged where one ran alone", () => {
    const [node, bun] = [beside("Node 26.1.0", 32_000), beside("Bun 1.4.0", 41_600)];
    expect(verdict([node, bun])).toMatchObject({ ratio: 1.3, meets: true });
    const alone = verdict([node]);
    expect(alone).toMatchObject({ meets: false, note: "fewer than two of them were run side by side" });
    expect(alone?.ratio).toBeUndefined();
  });
});
