import { describe, expect, it } from "vitest";
import { gapOf } from "../../bench/gaps.js";
import { own, record, result } from "./records.js";

const at = (engine: string, ns: number) => record(engine, [result("32x1000", [own("resident", ns)])]);

describe("the gap between engines", () => {
  it("is that of the slowest to the fastest", () => {
    const engines = [at("Deno 2.9.0", 20), at("Node 26.1.0", 30), at("Bun 1.4.0", 10)];
    expect(gapOf(engines, "softmax")).toEqual({ slowest: "Node", fastest: "Bun", ratio: 3 });
  });

  it("is none where fewer than two have measured the operation", () => {
    expect(gapOf([at("Node 26.1.0", 30)], "softmax")).toBeUndefined();
    expect(gapOf([at("Node 26.1.0", 30), at("Bun 1.4.0", 10)], "argmax")).toBeUndefined();
  });
});
