import type { Kind, Placement, Result, RunRecord, Timing } from "../../bench/record.js";

/** Records of a benchmark as tests make them up. */

export function timing(name: string, kind: Kind, placement: Placement, ns: number, differs?: string): Timing {
  return { name, kind, placement, ns, rounds: [ns], ...(differs && { differs }) };
}

/** simd's. */
export function own(placement: Placement, ns = 10): Timing {
  return timing("simd", "xentropy", placement, ns);
}

export function javascript(ns: number): Timing {
  return timing("JavaScript", "javascript", "foreign", ns);
}

/** softmax's. */
export function result(shape: string, timings: Timing[], passes: Result["passes"] = {}): Result {
  const elements = shape
    .split("/")[0]
    .split("x")
    .reduce((product, length) => product * Number(length), 1);
  return { operation: "softmax", shape, elements, spread: "normal", timings, passes };
}

export function record(engine: string, results: Result[]): RunRecord {
  return {
    machine: { cpu: "", cores: 1, platform: "", engine, compiler: "" },
    effort: { rounds: 1, roundTime: 0, warmupTime: 0, caseTime: 0, leastRounds: 1 },
    date: "2000-01-01",
    versions: { xentropy: "0" },
    missing: {},
    results,
  };
}
