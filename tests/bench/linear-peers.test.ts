import { describe, expect, it, vi } from "vitest";
import { load } from "xentropy";
import { compareCalls, fused, type LinearCall, type LinearContender, linearProblem } from "../../bench/linear-calls.js";

const k = await load();
const problem = linearProblem([6, 5, 11]);
const ROUNDS = { rounds: 3, warmUp: 0, work: 0 };

/** Our own call as a library's, changed. */
function library(change: (entry: LinearCall) => Partial<LinearCall>): LinearContender {
  const prepare: LinearContender["prepare"] = async (given) => {
    const entry = await fused(k).prepare(given);
    return { ...entry, ...change(entry) };
  };
  return { name: "a library", prepare };
}

async function run(contender: LinearContender) {
  const missing: string[] = [];
  const contenders = [fused(k), contender, { ...fused(k), name: "another" }];
  const times = await compareCalls(problem, contenders, ROUNDS, (name, why) => missing.push(`${name}: ${why}`));
  return { names: [...times.keys()], missing };
}

const OURS = ["fused, simd", "another"];

function failingAfter(calls: number): (entry: LinearCall) => Partial<LinearCall> {
  return ({ call }) => {
    let made = 0;
    return {
      call: async () => {
        if (made++ >= calls) throw new Error("out of memory\nand more");
        return call();
      },
    };
  };
}

describe("a library that fails at a shape costs its own figures there and nobody else's", () => {
  it("when it prepares", async () => {
    const { names, missing } = await run({
      name: "a library",
      prepare: () => Promise.reject(new Error("no such kernel")),
    });
    expect(names).toEqual(OURS);
    expect(missing).toEqual(["a library: no such kernel"]);
  });

  it.each([
    ["at its first call", 0],
    ["in the middle of the rounds", 2],
  ])("%s, even if it can't be freed", async (_, calls) => {
    const freed = () => Promise.reject(new Error("nor freed"));
    const { names, missing } = await run(library((entry) => ({ ...failingAfter(calls)(entry), free: freed })));
    expect(names).toEqual(OURS);
    expect(missing).toEqual(["a library: out of memory"]);
  });

  it.each(["features", "weights", "bias"] as const)("whose gradient to the %s differs", async (name) => {
    const contender = library(({ result }) => ({
      result: async () => {
        const right = await result();
        return { ...right, [name]: right[name].map((value) => value * 1.0001) };
      },
    }));
    const { names, missing } = await run(contender);
    expect(names).toEqual(OURS);
    expect(missing).toEqual([expect.stringMatching(`a library: its gradient to the ${name} is off by 1\\.0e-4`)]);
  });

  it("whose loss is not a number", async () => {
    const { missing } = await run(
      library(({ result }) => ({ result: async () => ({ ...(await result()), loss: NaN }) })),
    );
    expect(missing).toEqual([expect.stringMatching("a library: its loss is NaN, expected ")]);
  });

  it("whose call takes long", async () => {
    const now = vi.spyOn(performance, "now");
    let time = 0;
    now.mockImplementation(() => time);
    const slow = library(({ call }) => ({
      call: () => {
        time += 21_000;
        return call();
      },
    }));
    const { names, missing } = await run(slow);
    now.mockRestore();
    expect(names).toEqual(OURS);
    expect(missing).toEqual(["a library: a call takes 21 s"]);
  });
});

it("one that agrees stays", async () => {
  const { names, missing } = await run(library(() => ({})));
  expect(names).toEqual(["fused, simd", "a library", "another"]);
  expect(missing).toEqual([]);
});
