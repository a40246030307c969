import { describe, expect, it } from "vitest";
import { bestRivals, bestRivalText, hasPeers } from "../../bench/best-rival.js";
import { markdownReport } from "../../bench/markdown.js";
import type { RunRecord, Timing } from "../../bench/record.js";
import { javascript, own, record as recordOf, result, timing } from "./records.js";

function record(timings: Timing[], shape = "32x1000"): RunRecord {
  return recordOf("Node 24.1.0", [result(shape, timings)]);
}

const OWN = [own("foreign"), own("resident", 5)];
const JAVASCRIPT = javascript(100);

describe("the best rival", () => {
  it("is the fastest of those that take arrays, and the ratio is to our own arrays", () => {
    const wasm = timing("tf", "wasm", "foreign", 30);
    const resident = timing("tf", "wasm", "resident", 1);
    const [best] = bestRivals(record([...OWN, JAVASCRIPT, wasm, resident]));
    expect(best).toMatchObject({ operation: "softmax", rival: wasm, ratios: { simd: 3 } });
  });

  it("may be native code, which works on arrays where they lie", () => {
    const native = timing("ort", "native", "resident", 8, "far off");
    const text = bestRivalText(record([...OWN, JAVASCRIPT, native]));
    expect(text).toMatch(/softmax +32x1000 +0\.800x +ort\*/);
  });

  it("is JavaScript where there is no other, and has no line where nothing was measured", () => {
    expect(bestRivals(record([...OWN, JAVASCRIPT]))[0].rival.name).toBe("JavaScript");
    expect(bestRivals(record([...OWN, JAVASCRIPT], "1x10"))).toEqual([]);
    const wide = { ...result("32x1000", [...OWN, JAVASCRIPT]), spread: "wide" } as const;
    expect(bestRivals(recordOf("Node 24.1.0", [wide]))).toEqual([]);
  });

  it.each(["wasm", "native", "plain"] as const)("may be a library of kind %s", (kind) => {
    expect(hasPeers(record([...OWN, JAVASCRIPT, timing("lib", kind, "foreign", 1)]))).toBe(true);
    expect(hasPeers(record([...OWN, JAVASCRIPT]))).toBe(false);
  });

  it("stands in docs/performance.md where libraries were measured", () => {
    const peer = timing("@scope/tf", "wasm", "foreign", 30);
    const withPeer = record([...OWN, JAVASCRIPT, peer]);
    expect(hasPeers(withPeer)).toBe(true);
    expect(markdownReport([withPeer])).toContain("| softmax | 32x1000 | 3.00x | tf |");
    expect(markdownReport([record([...OWN, JAVASCRIPT])])).not.toContain("best rival");
  });
});
