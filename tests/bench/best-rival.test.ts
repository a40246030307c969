import { describe, expect, it } from "vitest";
import { bestRivals, bestRivalText, hasPeers } from "../../bench/best-rival.js";
import { markdownReport } from "../../bench/markdown.js";
import type { Kind, Placement, RunRecord, Timing } from "../../bench/record.js";

function timing(name: string, kind: Kind, placement: Placement, ns: number, differs?: string): Timing {
  return { name, kind, placement, ns, rounds: [ns], ...(differs && { differs }) };
}

function record(timings: Timing[], shape = "32x1000"): RunRecord {
  return {
    machine: { cpu: "", cores: 1, platform: "", engine: "Node 24.1.0", compiler: "" },
    effort: { rounds: 21, roundTime: 0, warmupTime: 0, caseTime: 0, leastRounds: 1 },
    date: "2000-01-01",
    versions: { xentropy: "0" },
    missing: {},
    results: [{ operation: "softmax", shape, elements: 32000, spread: "normal", timings, passes: {} }],
  };
}

const OWN = [timing("simd", "xentropy", "foreign", 10), timing("simd", "xentropy", "resident", 5)];
const JAVASCRIPT = timing("JavaScript", "javascript", "foreign", 100);

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
  });

  it("stands in docs/performance.md where libraries were measured", () => {
    const peer = timing("@scope/tf", "wasm", "foreign", 30);
    const withPeer = record([...OWN, JAVASCRIPT, peer]);
    expect(hasPeers(withPeer)).toBe(true);
    expect(markdownReport([withPeer])).toContain("| softmax | 32x1000 | 3.00x | tf |");
    expect(markdownReport([record([...OWN, JAVASCRIPT])])).not.toContain("best rival");
  });
});
