import { describe, expect, it, vi } from "vitest";
import { type Contender, javascript } from "../../bench/contenders.js";
import { type Engine, runPart } from "../../bench/engines.js";
import { operations } from "../../bench/operations.js";
import { type Options, readOptions } from "../../bench/options.js";
import { makeProblem } from "../../bench/problems.js";
import type { RunRecord } from "../../bench/record.js";
import { compare } from "../../bench/suite.js";

const EFFORT = { rounds: 3, roundTime: 0.1, warmupTime: 1, caseTime: 100, leastRounds: 3 };

const operation = operations.find(({ name }) => name === "softmax") as (typeof operations)[number];
const problem = makeProblem(operation, [4, 10], 1, "normal");

/** JavaScript's own rival under another name, which fails somewhere. */
function failing(asynchronous: boolean, fail: (calls: number) => "call" | "result" | "prepare" | undefined): Contender {
  return {
    name: "a library",
    kind: "wasm",
    placements: ["foreign"],
    prepare: async (...given) => {
      let calls = 0;
      const at = (where: string) => {
        calls++;
        if (fail(calls) === where) throw new Error(`${where} failed\nand more`);
      };
      at("prepare");
      const entry = await javascript.prepare(...given);
      if (!entry) return undefined;
      const call = () => {
        at("call");
        return entry.call();
      };
      const result = () => {
        at("result");
        return entry.result();
      };
      const named = { ...entry, name: "a library", kind: "wasm" as const, result };
      return asynchronous ? { ...named, asynchronous, call: async () => call() } : { ...named, call };
    },
  };
}

async function run(contender: Contender) {
  const missing: string[] = [];
  const around = { effort: EFFORT, contenders: [javascript, contender], placements: ["foreign"] as const, limits: [] };
  const { timings } = await compare(operation, problem, around, (name, why) => missing.push(`${name}: ${why}`));
  return { names: timings.map(({ name }) => name), missing };
}

describe("a library that fails costs its own figures and nobody else's", () => {
  it.each([
    ["when it prepares", false, (calls: number) => (calls === 1 ? "prepare" : undefined), "prepare failed"],
    ["at its first result", false, (calls: number) => (calls === 2 ? "result" : undefined), "result failed"],
    ["at its first call", false, (calls: number) => (calls === 3 ? "call" : undefined), "call failed"],
    ["in the middle of the rounds", false, (calls: number) => (calls > 20 ? "call" : undefined), "call failed"],
    ["in the middle of asynchronous rounds", true, (calls: number) => (calls > 20 ? "call" : undefined), "call failed"],
  ] as const)("%s", async (_, asynchronous, fail, why) => {
    const { names, missing } = await run(failing(asynchronous, fail));
    expect(names).toEqual(["JavaScript"]);
    expect(missing).toEqual([`a library: ${why}`]);
  });

  it("one that doesn't fail stays", async () => {
    const { names, missing } = await run(failing(false, () => undefined));
    expect(names).toEqual(["JavaScript", "a library"]);
    expect(missing).toEqual([]);
  });

  it("one whose call takes long is left out", async () => {
    const slow = failing(false, () => undefined);
    const now = vi.spyOn(performance, "now");
    let time = 0;
    now.mockImplementation(() => {
      time += 600;
      return time;
    });
    const { missing } = await run(slow);
    now.mockRestore();
    expect(missing).toEqual(["a library: a call takes 0.6 s"]);
  });
});

describe("an engine that fails", () => {
  const options: Options = readOptions(["--peers", "--op", "softmax"]);
  const record = { missing: { relaxed: "no" }, results: [] } as unknown as RunRecord;

  function engine(run: Engine["run"]): Engine {
    return { name: "Node 20", run };
  }

  it("is run again without other libraries, and says so", async () => {
    const said: string[] = [];
    const crashing = engine(async ({ peers }) => {
      if (peers) throw new Error("SIGSEGV");
      return record;
    });
    const found = await runPart(crashing, options, (why) => said.push(why));
    expect(said).toEqual(["again without other libraries: SIGSEGV"]);
    expect(found?.missing).toEqual({ relaxed: "no", "other libraries: softmax": "SIGSEGV" });
  });

  it("is left out if that fails too", async () => {
    const said: string[] = [];
    const broken = engine(() => Promise.reject(new Error("no such file")));
    expect(await runPart(broken, options, (why) => said.push(why))).toBeUndefined();
    expect(said).toEqual(["again without other libraries: no such file", "left out: no such file"]);
  });
});
