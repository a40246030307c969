import { describe, expect, it, vi } from "vitest";
import { load } from "xentropy";
import { fused, held, type LinearCall, type LinearContender, linearProblem } from "../../bench/linear-calls.js";
import { compareCalls } from "../../bench/linear-compare.js";

const k = await load();
const problem = linearProblem([6, 5, 11]);
const ROUNDS = { rounds: 3, warmUp: 0, work: 0, roundTime: 0 };

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

/** Gradients to one operand that are wrong from the so manieth result on. */
function wrongFrom(results: number, name: "features" | "weights" | "bias"): (entry: LinearCall) => Partial<LinearCall> {
  return ({ result }) => {
    let made = 0;
    return {
      result: async () => {
        const right = await result();
        return ++made < results ? right : { ...right, [name]: right[name].map((value) => value * 1.0001) };
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
    const { names, missing } = await run(library(wrongFrom(1, name)));
    expect(names).toEqual(OURS);
    expect(missing).toEqual([expect.stringMatching(`a library: its gradient to the ${name} is off by 1\\.0e-4`)]);
  });

  it("whose results are wrong after the rounds", async () => {
    const { names, missing } = await run(library(wrongFrom(2, "bias")));
    expect(names).toEqual(OURS);
    expect(missing).toEqual([expect.stringMatching("a library: its gradient to the bias is off by")]);
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

it("we are judged by the reference, and miss it with an Error", async () => {
  for (const name of ["features", "weights", "bias"] as const) {
    for (const results of [1, 2]) {
      const ours = { ...library(wrongFrom(results, name)), name: "fused, simd", own: true };
      const compared = compareCalls(problem, [ours], ROUNDS, () => {});
      await expect(compared).rejects.toThrow(`fused, simd: its gradient to the ${name} is off by 1.0e-4`);
    }
  }
});

it.each([
  [6, 5, 11],
  [9, 12, 300],
  [5, 7, 513],
] as const)("all held agrees with the fused call and the reference at %i x %i x %i", async (...size) => {
  const missing: string[] = [];
  const times = await compareCalls(linearProblem(size), [held("simd"), fused(k)], ROUNDS, (name) => missing.push(name));
  expect([...times.keys()]).toEqual(["all held, simd", "fused, simd"]);
  expect(missing).toEqual([]);
});

it.each([fused(k), held("simd")])(
  "$name changes its weights in every call, and gives the first result again",
  async ({ prepare }) => {
    const entry = await prepare(problem);
    const { loss } = await entry.result();
    const losses = [await entry.call(), await entry.call()];
    expect(new Set([loss, ...losses]).size).toBe(3);
    expect((await entry.result()).loss).toBe(loss);
    await entry.free();
  },
);
