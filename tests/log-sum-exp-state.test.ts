import { expect, it, vi } from "vitest";
import {
  DtypeError,
  FreedError,
  type LogSumExpState,
  loadSync,
  MemoryError,
  OptionError,
  ShapeError,
  type StateData,
  type Xentropy,
  XentropyError,
} from "../src/index.js";
import * as reference from "../src/reference/index.js";
import { describeEachBackend } from "./support/backends.js";
import { bits, columns } from "./support/columns.js";
import { FINITE, normal, sprinkled } from "./support/samples.js";
import { distance } from "./support/ulp.js";

const BLOCK = 2048;

/** The state of some columns, added in chunks of these lengths in turn. */
function stateOf(k: Xentropy, x: Float32Array, rows: number, from: number, to: number, lengths: number[]) {
  const state = k.logSumExpState(rows, { start: from });
  for (let at = from, i = 0; at < to; i++) {
    const next = Math.min(to, at + lengths[i % lengths.length]);
    state.add(columns(x, rows, at, next));
    at = next;
  }
  return state;
}

describeEachBackend("logSumExpState", (backend) => {
  const rows = 2;
  const cols = 5 * BLOCK + 77;
  const whole = normal(rows * cols, 9, 0, 4);

  it("has the bits of logSumExp, whatever the lengths of the chunks", () => {
    const expected = bits(backend.k.logSumExp(whole, { shape: [rows, cols] }));
    for (const lengths of [[cols], [BLOCK], [1000], [1, 2047, 4096], [3000, 5000], [4097]]) {
      expect(bits(stateOf(backend.k, whole, rows, 0, cols, lengths).value()), `${lengths}`).toEqual(expected);
    }
  });

  it("has the bits of logSumExp when states that start at multiples of 2048 columns merge, in any order", () => {
    const expected = bits(backend.k.logSumExp(whole, { shape: [rows, cols] }));
    for (let a = 0; a <= 5; a++) {
      for (let b = a; b <= 5; b++) {
        const cuts = [0, a * BLOCK, b * BLOCK, cols];
        const parts = [0, 1, 2].map((i) => stateOf(backend.k, whole, rows, cuts[i], cuts[i + 1], [3000]));
        const [first, second, third] = parts as [LogSumExpState, LogSumExpState, LogSumExpState];
        const stored = JSON.parse(JSON.stringify(second)) as StateData;
        expect(bits(third.merge(stored).merge(first).value()), `from the right, ${cuts}`).toEqual(expected);
        expect(third.start).toBe(0);
        expect(third.end).toBe(cols);
        const again = parts.map((_, i) => stateOf(backend.k, whole, rows, cuts[i], cuts[i + 1], [BLOCK, 100]));
        expect(
          bits(
            (again[0] as LogSumExpState)
              .merge(again[1] as LogSumExpState)
              .merge(again[2] as LogSumExpState)
              .value(),
          ),
        ).toEqual(expected);
      }
    }
  });

  it("takes columns of states without a start as the next ones: in the bound, with the same bits where blocks begin", () => {
    const { k } = backend;
    const expected = k.logSumExp(whole, { shape: [rows, cols] });
    for (const cuts of [
      [0, BLOCK, 3 * BLOCK, cols],
      [0, 5, 5, 12, 40],
      [0, BLOCK - 1, BLOCK + 1, 3 * BLOCK + 3, cols],
    ]) {
      const to = cuts.at(-1) as number;
      const part = (i: number) => k.logSumExpState(rows).add(columns(whole, rows, cuts[i], cuts[i + 1]));
      const parts = cuts.slice(1).map((_, i) => part(i));
      const stored = parts.map((state) => JSON.parse(JSON.stringify(state)) as StateData);
      const one = parts.reduce((all, next) => all.merge(next));
      const other = stored.reduce((all, next) => all.merge(next), k.logSumExpState(rows));
      expect([one.start, one.end]).toEqual([0, to]);
      const wanted = k.logSumExp(columns(whole, rows, 0, to), { shape: [rows, to] });
      expect(bits(other.value())).toEqual(bits(one.value()));
      for (const [row, value] of one.value().entries()) expect(distance(value, wanted[row])).toBeLessThanOrEqual(2);
      if (cuts.every((cut) => cut === cols || cut % BLOCK === 0)) expect(bits(one.value())).toEqual(bits(wanted));
      // Goes on where the parts end.
      const rest = one.add(columns(whole, rows, to, cols)).value();
      for (const [row, value] of rest.entries()) expect(distance(value, expected[row])).toBeLessThanOrEqual(2);
    }
  });

  it("has one row where no number is given", () => {
    const x = Float32Array.of(1, 2, 3);
    expect(bits(backend.k.logSumExpState().add(x).value())).toEqual(bits(backend.k.logSumExp(x)));
  });

  it("has them where a merge takes in a part of a block and more of it comes", () => {
    const { k } = backend;
    const x = new Float32Array(BLOCK + 3).fill(-Infinity);
    const part = (from: number, to: number) => k.logSumExpState(1, { start: from }).add(x.subarray(from, to));
    // From 288 on exponentials are relative to the largest of their block, and what that is makes a difference.
    for (let trial = 0; trial < 200; trial++) {
      x.set(normal(3, trial, 305, 1), BLOCK);
      const label = BLOCK + 1;
      const expected = bits(Float32Array.of(k.softmaxCrossEntropy(x, [label]).loss));
      for (const merge of [
        () => part(0, BLOCK).merge(part(BLOCK, label)),
        () => part(BLOCK, label).merge(part(0, BLOCK)),
        () => part(0, label).merge(part(label, label)),
        () => part(label, label).merge(part(0, label)),
      ]) {
        expect(bits(merge().add(x.subarray(label)).loss([x[label]])), `${trial}, ${merge}`).toEqual(expected);
      }
    }
  });

  it("is no other's: columns that come to one of two that have merged don't reach the other", () => {
    const { k } = backend;
    const right = k.logSumExpState(1, { start: BLOCK }).add(Float32Array.of(1, 2));
    const left = k.logSumExpState(1).add(new Float32Array(BLOCK)).merge(right);
    const value = bits(left.value());
    right.add(Float32Array.of(50));
    expect(bits(left.value())).toEqual(value);
    left.add(Float32Array.of(90));
    expect(right.value()[0]).toBeCloseTo(50);
  });

  it("joins sums of blocks where a whole row joins them", () => {
    const nodes = (from: number, blocks: number) => {
      const state = backend.k.logSumExpState(1, { start: from * BLOCK });
      return state.add(new Float32Array(blocks * BLOCK)).toJSON().nodes.length;
    };
    expect([nodes(0, 2), nodes(1, 2), nodes(2, 2), nodes(2, 4), nodes(4, 4)]).toEqual([1, 2, 1, 2, 1]);
  });

  it.each([
    ["by those behind it", (parts: LogSumExpState[]) => parts.reduce((all, next) => all.merge(next))],
    ["by those before it", (parts: LogSumExpState[]) => parts.reduceRight((all, next) => all.merge(next))],
  ])("takes 20,000 parts of blocks in, one by one: %s", (_, merged) => {
    const stored = backend.k
      .logSumExpState(1)
      .add(Float32Array.of(1, 2, 3))
      .toJSON();
    const parts = Array.from({ length: 20_000 }, (_, i) => {
      const [start, end] = [i * 3, i * 3 + 3];
      return backend.k.logSumExpState({ ...stored, start, end, nodes: [{ ...stored.nodes[0], end }] } as StateData);
    });
    const all = merged(parts);
    expect([all.start, all.end]).toEqual([0, 60_000]);
    expect(all.value()[0]).toBeCloseTo(Math.log(20_000) + Math.log(Math.exp(1) + Math.exp(2) + Math.exp(3)), 4);
  });

  it("takes in a state of many parts that don't join, before or behind its own", () => {
    const parts = Array.from({ length: 101 }, (_, i) => {
      const values = [i, 1, 0.5];
      return { version: 1, rows: 1, start: i * 3, end: i * 3 + 3, nodes: [{ end: i * 3 + 3, values }] } as StateData;
    });
    const all = (from: number, to: number) =>
      parts
        .slice(from, to)
        .reduce((state, part) => state.merge(part), backend.k.logSumExpState(1, { start: from * 3 }));
    const expected = all(0, 101).toJSON();
    expect(expected.nodes.map(({ end }) => end)).toEqual(parts.map(({ end }) => end));
    for (const cut of [1, 50, 100]) {
      expect(all(cut, 101).merge(all(0, cut)).toJSON(), `${cut} before`).toEqual(expected);
      expect(all(0, cut).merge(all(cut, 101)).toJSON(), `${cut} behind`).toEqual(expected);
    }
  });

  it("joins all parts of 64 blocks when the last is there", () => {
    const x = normal(64 * BLOCK, 3, 0, 4);
    const last = 63 * BLOCK;
    const expected = bits(backend.k.logSumExp(x));
    const added = stateOf(backend.k, x, 1, 0, x.length, [BLOCK]);
    const merged = stateOf(backend.k, x, 1, 0, last, [last]).merge(stateOf(backend.k, x, 1, last, x.length, [BLOCK]));
    for (const state of [added, merged]) {
      expect(state.toJSON().nodes.map(({ end }) => end)).toEqual([x.length]);
      expect(bits(state.value())).toEqual(expected);
    }
  });

  it("joins stored sums of columns that it would have joined itself", () => {
    const values = [0, 1, BLOCK - 1];
    const nodes = [1, 2, 3].map((end) => ({ end: end * BLOCK, values }));
    const state = backend.k.logSumExpState({ version: 1, rows: 1, start: 0, end: 3 * BLOCK, nodes });
    expect(state.toJSON().nodes.map(({ end }) => end)).toEqual([2 * BLOCK, 3 * BLOCK]);
  });

  it("keeps to 4 ULP of |max| + log Σ where columns are cut elsewhere", () => {
    for (const [name, sample] of FINITE) {
      const x = sample(cols, 3);
      const state = backend.k.logSumExpState(1);
      for (const [from, to] of [
        [0, 1],
        [1, 2500],
        [2500, 2501],
        [2501, 7000],
        [7000, cols],
      ] as const) {
        state.merge(stateOf(backend.k, x, 1, from, to, [700]));
      }
      const truth = reference.logSumExp(x);
      const max = x.reduce((a, b) => Math.max(a, b));
      expect(distance(state.value()[0], truth[0], Math.abs(max) + truth[0] - max), name).toBeLessThanOrEqual(4);
    }
  });

  it("gives the loss of a label with full accuracy where the log-sum-exp alone would cancel", () => {
    const x = normal(3 * BLOCK, 5);
    x[4000] = 35;
    const truth = reference.softmaxCrossEntropy(x, [4000]).loss;
    const state = stateOf(backend.k, x, 1, 0, 3 * BLOCK, [1500]);
    expect(truth).toBeLessThan(1e-10);
    expect(distance(state.loss([35])[0], truth)).toBeLessThanOrEqual(4);
    expect(state.loss([x[7]])[0]).toBe(backend.k.softmaxCrossEntropy(x, [7]).loss);
  });

  it.each([0, BLOCK, 3 * BLOCK])(
    "has the bits of the uncut row where a state without start is merged behind %i columns, and more follow",
    (before) => {
      for (let seed = 0; seed < 60; seed++) {
        const x = normal(before + 4, seed, 1000, 1);
        const head = stateOf(backend.k, x, 1, 0, before, [BLOCK]);
        head.merge(backend.k.logSumExpState(1).add(x.slice(before, before + 2))).add(x.slice(before + 2));
        expect(head.loss([x[0]])[0], `seed ${seed}`).toBe(backend.k.softmaxCrossEntropy(x, [0]).loss);
      }
    },
  );

  it("refuses a stored list that becomes shorter as it is read", () => {
    const stored = backend.k.logSumExpState(2).add(Float32Array.of(1, 2)).toJSON();
    const values = [...stored.nodes[0].values];
    Object.defineProperty(values, 0, {
      get: () => {
        values.length = 3;
        return 1;
      },
    });
    const shrinking = { ...stored, nodes: [{ ...stored.nodes[0], values }] };
    expect(() => backend.k.logSumExpState(shrinking)).toThrow("What is stored is a number, not undefined");
  });

  it("follows logSumExp in special values", () => {
    for (const [special, at] of [
      [Number.NaN, 3000],
      [Infinity, 10],
      [-Infinity, 5],
    ] as const) {
      const x = normal(2 * BLOCK + 5, 4);
      x[at] = special;
      x[2 * BLOCK + 2] = special;
      const state = stateOf(backend.k, x, 1, 0, BLOCK, [999]).merge(stateOf(backend.k, x, 1, BLOCK, x.length, [BLOCK]));
      expect(backend.k.logSumExpState(JSON.parse(JSON.stringify(state)) as StateData).value()).toEqual(
        backend.k.logSumExp(x),
      );
    }
    const none = new Float32Array(BLOCK + 1).fill(-Infinity);
    const nothing = stateOf(backend.k, none, 1, 0, none.length, [100]);
    expect(backend.k.logSumExpState(JSON.parse(JSON.stringify(nothing)) as StateData).value()).toEqual(
      Float32Array.of(-Infinity),
    );
    expect(stateOf(backend.k, sprinkled(none, 1, [Infinity, Number.NaN], 3), 1, 0, none.length, [100]).value()).toEqual(
      Float32Array.of(Number.NaN),
    );
    expect(backend.k.logSumExpState(2).value()).toEqual(Float32Array.of(-Infinity, -Infinity));
    expect(backend.k.logSumExpState(0).add(new Float32Array(0)).value()).toEqual(new Float32Array(0));
  });

  it("is NaN with a NaN in any block, whatever the others hold", () => {
    for (const other of [Infinity, -Infinity, 1]) {
      for (const at of [5, BLOCK + 7]) {
        const x = new Float32Array(2 * BLOCK).fill(other);
        x[at] = Number.NaN;
        expect(backend.k.logSumExpState(1).add(x).value(), `${other}, NaN at ${at}`).toEqual(Float32Array.of(x[at]));
      }
    }
  });

  it("is not changed by value and toJSON", () => {
    const state = backend.k.logSumExpState(1).add(whole.slice(0, 1000));
    const before = state.value();
    state.toJSON();
    expect(state.value()).toEqual(before);
    expect(state.add(whole.slice(1000, 3000)).value()).toEqual(backend.k.logSumExp(whole.slice(0, 3000)));
  });

  it("takes resident and tensor chunks", () => {
    const z = backend.k.alloc([1, 3000]).set(whole.slice(0, 3000));
    const state = backend.k
      .logSumExpState(1)
      .add(z)
      .add({ data: whole.slice(3000, 3005), dims: [1, 5] });
    expect(state.value()).toEqual(backend.k.logSumExp(whole.slice(0, 3005)));
    z.free();
  });

  it("takes the labels' logits as any floats", () => {
    const { k } = backend;
    const state = k.logSumExpState(2).add(Float32Array.of(1, 2, 3, 5));
    const expected = state.loss([1, 5]);
    const z = k.alloc([2]).set([1, 5]);
    expect(state.loss(z)).toEqual(expected);
    expect(state.loss({ data: Float32Array.of(1, 5), dims: [2] })).toEqual(expected);
    z.free();
  });

  it("takes batches of no rows, whose columns their shape alone has", () => {
    const { k } = backend;
    const state = k.logSumExpState(0).add({ data: new Float32Array(0), shape: [0, 3000] });
    state.merge(k.logSumExpState(JSON.parse(JSON.stringify(k.logSumExpState(0, { start: 3000 }))) as StateData));
    expect(state.end).toBe(3000);
    expect(k.logSumExpState(JSON.parse(JSON.stringify(state)) as StateData).value()).toEqual(new Float32Array(0));
    const x = { data: new Float32Array(0), shape: [0, 1000] };
    const result = k.softmaxCrossEntropy(x, [], { state, start: 2000, reduction: "sum", grad: true });
    expect(result).toEqual({ loss: 0, grad: new Float32Array(0) });
    expect(k.softmaxCrossEntropy(x, [], { state }).loss).toBe(Number.NaN);
  });

  it("says so where so many rows can't be had", () => {
    expect(() => backend.k.logSumExpState(2 ** 50).value()).toThrow(MemoryError);
  });

  it("refuses what it can't add or merge, and changes nothing then", () => {
    const { k } = backend;
    const state = k.logSumExpState(2, { start: BLOCK }).add(whole.slice(0, 10));
    const value = state.value();
    expect(() => state.add(new Float32Array(3))).toThrow("no 2 rows");
    expect(() => state.add({ data: new Float32Array(4), shape: [1, 4] })).toThrow(XentropyError);
    expect(() => state.add([1, 2] as never)).toThrow("float32");
    expect(() => state.merge(k.logSumExpState(3, { start: BLOCK + 5 }))).toThrow("rows");
    expect(() => state.merge(k.logSumExpState(2, { start: 7 }))).toThrow("no neighbours");
    const unplaced = k.logSumExpState(2).add(whole.slice(0, 10));
    expect(() => unplaced.merge(unplaced)).toThrow("no neighbours");
    for (const other of [2, "x", undefined, null, {}, []]) {
      expect(() => state.merge(other as never), String(other)).toThrow(OptionError);
    }
    expect(() => state.loss([1])).toThrow("not 2");
    for (const logits of [undefined, null, 2, ["1", "2"], new Float64Array(2), {}]) {
      expect(() => state.loss(logits as never), String(logits)).toThrow(DtypeError);
    }
    for (const rows of [-1, 1.5, "2", Number.NaN]) expect(() => k.logSumExpState(rows as number)).toThrow(OptionError);
    expect(() => k.logSumExpState(1, { start: -1 })).toThrow(OptionError);
    expect(() => k.logSumExpState(1, { begin: 1 } as never)).toThrow("begin");
    const data = state.toJSON();
    for (const bad of [
      null,
      {},
      { ...data, rows: 3 },
      { ...data, end: 9000 },
      { ...data, nodes: 1 },
      { ...data, nodes: [{ end: 3, values: [] }] },
      { ...data, nodes: [{ ...data.nodes[0], values: ["x", 1, 1, 1, 1, 1] }] },
      { ...data, nodes: [null] },
      { ...data, nodes: new Array(1) },
      { ...data, start: 0, end: 0, nodes: new Array(3) },
      { ...data, nodes: [{ ...data.nodes[0], end: BLOCK }, ...data.nodes] },
      { ...data, nodes: [{ ...data.nodes[0], values: [1, -1, 1, 1, 1, 1] }] },
      { ...data, nodes: [{ ...data.nodes[0], values: [1, 1, "-Infinity", 1, 1, 1] }] },
      { ...data, version: 2 },
      { ...data, version: undefined },
    ]) {
      expect(() => k.logSumExpState(bad as never), JSON.stringify(bad)).toThrow(OptionError);
    }
    expect(state.value()).toEqual(value);
  });
});

/** Columns of a part of a block, and of a whole one, whose sum waits for no more. */
const LENGTHS = [3, BLOCK];

it.each(LENGTHS)("throws FreedError from every method once the kernels have been disposed: %i columns", (length) => {
  const k = loadSync();
  const state = k.logSumExpState(1).add(new Float32Array(length));
  const other = loadSync().logSumExpState(1, { start: length });
  k.dispose();
  for (const call of [
    () => state.add(new Float32Array(3)),
    () => state.merge(other),
    () => state.value(),
    () => state.loss([0]),
    () => state.toJSON(),
  ]) {
    expect(call).toThrow(FreedError);
  }
});

describeEachBackend("a state whose sums find no memory", (backend) => {
  it.each([0, 1, 2, 3, 4])("is as it was, where %i find some", (some) => {
    const x = normal(5 * BLOCK, 1);
    const state = backend.k.logSumExpState(1).add(x.subarray(0, 100));
    const before = JSON.stringify(state);
    const Doubles = Float64Array;
    let made = 0;
    const refuse = vi.spyOn(globalThis, "Float64Array").mockImplementation(function doubles(length: number) {
      if (made++ === some) throw new RangeError("Array buffer allocation failed");
      return new Doubles(length);
    } as never);
    try {
      expect(() => state.add(x.subarray(100))).toThrow(MemoryError);
    } finally {
      refuse.mockRestore();
    }
    expect(JSON.stringify(state)).toBe(before);
    expect(state.end).toBe(100);
    const whole = backend.k.logSumExpState(1).add(x);
    expect(state.add(x.subarray(100)).value()).toEqual(whole.value());
  });
});

it.each(LENGTHS)("a state of kernels that have been disposed of joins no other: %i columns", (length) => {
  const [a, b] = [loadSync(), loadSync()];
  const left = a.logSumExpState(1).add(new Float32Array(length));
  const right = b.logSumExpState(1, { start: length }).add(new Float32Array(length));
  b.dispose();
  expect(() => left.merge(right)).toThrow(FreedError);
  expect(left.end).toBe(length);
});

it("logits of labels that come with a shape have one for each row", () => {
  const state = loadSync().logSumExpState(4).add(new Float32Array(8));
  const data = new Float32Array(4);
  expect(state.loss({ data, dims: [4] })).toEqual(state.loss(data));
  expect(() => state.loss({ data, dims: [2, 2] })).toThrow(ShapeError);
});

it("columns end at 2^53 − 1: more are refused before anything changes", () => {
  for (const rows of [1, 0]) {
    const state = loadSync().logSumExpState(rows, { start: 2 ** 53 - 2 });
    const before = JSON.stringify(state);
    const two = rows === 0 ? { data: new Float32Array(0), shape: [0, 2] } : Float32Array.of(1, 2);
    expect(() => state.add(two)).toThrow(ShapeError);
    expect(JSON.stringify(state)).toBe(before);
  }
  expect(
    loadSync()
      .logSumExpState(1, { start: 2 ** 53 - 2 })
      .add(Float32Array.of(1)).end,
  ).toBe(2 ** 53 - 1);
});
