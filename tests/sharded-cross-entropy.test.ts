import { expect, it } from "vitest";
import { CrossCheckError, checked } from "../src/check.js";
import { ForeignError, type Xentropy, XentropyError } from "../src/index.js";
import * as reference from "../src/reference/index.js";
import { describeEachBackend } from "./support/backends.js";
import { bits, columns } from "./support/columns.js";
import { classes, normal } from "./support/samples.js";
import { distance } from "./support/ulp.js";

const BLOCK = 2048;

describeEachBackend("softmaxCrossEntropy of a shard", (backend) => {
  const rows = 35;
  const cols = 2 * BLOCK + 300;
  const x = normal(rows * cols, 2, 0, 3);
  const labels = classes(rows, cols, 1);
  labels[3] = -100;
  labels[4] = BLOCK;
  const cuts = [0, BLOCK, cols];

  const sharded = (options: object, at = cuts) => {
    const parts = at.slice(1).map((to, i) => columns(x, rows, at[i], to));
    const state = backend.k.logSumExpState(rows);
    for (const part of parts) state.add(part);
    return parts.map((part, i) => {
      const shape = [rows, at[i + 1] - at[i]] as const;
      return backend.k.softmaxCrossEntropy(part, labels, { ...options, shape, state, start: at[i], grad: true });
    });
  };

  const OPTIONS = [
    {},
    { reduction: "sum", gradOutput: 3, zLoss: 0.01 },
    { reduction: "none", gradOutput: normal(rows, 3) },
    { sampleWeights: normal(rows, 4).map(Math.abs), classWeights: normal(cols, 5).map(Math.abs) },
    { ignoreIndex: 5 },
  ] as const;

  it.each(OPTIONS)("gives the gradient bit for bit, and its share of the loss: %o", (options) => {
    labels[3] = "ignoreIndex" in options ? 5 : -100;
    const whole = backend.k.softmaxCrossEntropy(x, labels, { ...options, shape: [rows, cols], grad: true });
    const results = sharded(options);
    results.forEach(({ grad }, i) => {
      const expected = columns(whole.grad, rows, cuts[i], cuts[i + 1]);
      if (!("classWeights" in options)) expect(bits(grad)).toEqual(bits(expected));
      grad.forEach((g, j) => {
        if (Math.abs(g - expected[j]) > 1e-6 * Math.abs(expected[j])) expect(g).toBe(expected[j]);
      });
    });
    const list = (loss: number | Float32Array) => (typeof loss === "number" ? [loss] : [...loss]);
    const sum = list(results[0].loss).map((loss, i) => loss + list(results[1].loss)[i]);
    list(whole.loss).forEach((loss, i) => {
      expect(sum[i] / (loss || 1)).toBeCloseTo(loss === 0 ? 0 : 1, 6);
    });
  });

  it("gives it bit for bit where a shard begins within a block of a state that has seen the whole row", () => {
    const { k } = backend;
    const [from, to, all] = [1000, 5000, 3 * BLOCK];
    // Each block has an exponential of its own.
    const z = normal(2 * all, 1, 0, 8).map((value, i) => value - 33 * Math.floor((i % all) / BLOCK));
    const whole = k.softmaxCrossEntropy(z, [1500, 4000], { shape: [2, all], grad: true });
    const state = k.logSumExpState(2).add(z);
    const part = columns(z, 2, from, to);
    const options = { shape: [2, to - from], state, start: from, grad: true } as const;
    const { loss, grad } = k.softmaxCrossEntropy(part, [1500, 4000], options);
    expect(loss).toBe(whole.loss);
    expect(bits(grad)).toEqual(bits(columns(whole.grad, 2, from, to)));
  });

  it.each([0, 2 ** 31 - 2, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 33])(
    "gives it for columns and labels from %i on",
    (start) => {
      const { k } = backend;
      const end = start + 100;
      const state = k.logSumExpState({ version: 1, rows: 1, start: 0, end, nodes: [{ end, values: [0, 1, 5] }] });
      const shard = Float32Array.of(0, 1, 2, 3);
      const p = [...shard].map((x) => Math.exp(x) / 6);
      const labels = [0, start - 1, start, start + 1, start + 3, start + 4, start + 99];
      for (const label of labels.filter((label) => label >= 0)) {
        for (const given of [[label], BigInt64Array.of(BigInt(label))] as const) {
          const { grad, loss } = k.softmaxCrossEntropy(shard, given as readonly number[], { state, start, grad: true });
          const at = label - start;
          for (const [i, share] of p.entries()) {
            expect(grad[i], `${label}, ${i}`).toBeCloseTo(share - (i === at ? 1 : 0), 5);
          }
          expect(loss).toBeCloseTo(at >= 0 && at < 4 ? Math.log(6) - shard[at] : 0, 5);
        }
      }
    },
  );

  it("gives it within the bound where shards start elsewhere", () => {
    labels[3] = -100;
    const at = [0, 1000, 2500, cols];
    const whole = reference.softmaxCrossEntropy(x, labels, { shape: [rows, cols], grad: true });
    sharded({}, at).forEach(({ grad }, part) => {
      const n = at[part + 1] - at[part];
      grad.forEach((g, i) => {
        const truth = whole.grad[Math.floor(i / n) * cols + at[part] + (i % n)];
        if (distance(g, truth) > 4) expect(g).toBe(truth);
      });
    });
  });

  it("has the losses and gradients of rows with infinities and NaN, at a label whose weight is 0 too", () => {
    const { k } = backend;
    const { NaN: none } = Number;
    for (const row of [
      [1, 2, Infinity, 3],
      [-Infinity, -Infinity, -Infinity, -Infinity],
      [Infinity, 1, -Infinity, Infinity],
      [1, none, 2, 3],
      [1, none, 2, Infinity],
    ]) {
      const z = Float32Array.from(row);
      const state = k.logSumExpState(1).add(z);
      for (const more of [
        {},
        { zLoss: 0.1 },
        { classWeights: [0, 0, 1, 1] },
        { classWeights: [0, 0, 1, 1], zLoss: 0.1 },
      ]) {
        for (const label of [0, 1, 2, 3]) {
          const options = { ...more, reduction: "sum", grad: true } as const;
          const whole = k.softmaxCrossEntropy(z, [label], { ...options, shape: [1, 4] });
          const parts = [0, 2].map((start) =>
            k.softmaxCrossEntropy(z.subarray(start, start + 2), [label], { ...options, shape: [1, 2], state, start }),
          );
          const what = `label ${label} of ${row}, ${Object.keys(more)}`;
          expect(parts[0].loss + parts[1].loss, what).toBe(whole.loss);
          expect(
            parts.flatMap(({ grad }) => [...grad]),
            what,
          ).toEqual([...whole.grad]);
        }
      }
    }
  });

  it("refuses a state that doesn't have all columns, and options that need the whole row", () => {
    const { k } = backend;
    const part = new Float32Array(2 * 3);
    const state = k.logSumExpState(2).add(new Float32Array(10));
    const call = (options: object) => () => k.softmaxCrossEntropy(part, [0, 4], { shape: [2, 3], ...options });
    expect(call({ state, start: 2 })).not.toThrow();
    expect(call({ state, start: 3 })).toThrow("columns 3 to 6");
    expect(call({ start: 0 })).toThrow("give both");
    expect(call({ state: {}, start: 0 })).toThrow("state is what logSumExpState gives");
    const elsewhere = backend.open();
    expect(call({ state: elsewhere.logSumExpState(2).add(new Float32Array(10)), start: 0 })).toThrow(ForeignError);
    elsewhere.dispose();
    expect(call({ state: k.logSumExpState(3) })).toThrow("3 rows");
    expect(call({ state: k.logSumExpState(2, { start: 2 }).add(new Float32Array(10)) })).toThrow("columns 2 to 7");
    const none = { labelSmoothing: 0, softcap: undefined, temperature: 1, correct: false, logSumExp: false };
    expect(call({ state, ...none })).not.toThrow();
    for (const name in none) {
      expect(call({ state, [name]: 0.5 })).toThrow(`${name} can't be combined with state`);
    }
    expect(() => k.softmaxCrossEntropy(part, [0, 5], { shape: [2, 3], state })).toThrow("0 to 4");
    for (const axis of [-1, 1]) expect(call({ state, axis })).not.toThrow();
    for (const axis of [0, -2]) expect(call({ state, axis })).toThrow("but for the last");
    for (const axis of [2, 0.5]) expect(call({ state, axis })).toThrow(XentropyError);
  });

  it("is confirmed by checked kernels, and refused where a result is wrong", () => {
    const k = checked(backend.k);
    const state = k.logSumExpState(2).add(normal(2 * 5000, 3));
    const x = columns(normal(2 * 5000, 3), 2, 1000, 4000);
    const classWeights = Float32Array.from({ length: 5000 }, (_, c) => c % 3);
    const shape = [2, 3000];
    for (const more of [
      { grad: true },
      { grad: x.slice(), axis: 1, gradOutput: 3 },
      { reduction: "sum", grad: true, classWeights },
      { reduction: "none", grad: true, zLoss: 0.1, sampleWeights: [0.5, 2] },
      { ignoreIndex: 1500, grad: true },
    ] as const) {
      const options = { shape, state, start: 1000, ...more };
      const [got, expected] = [k, backend.k].map((one) => one.softmaxCrossEntropy(x, [1500, 4999], options));
      expect(got).toEqual(expected);
    }
    // Logits so large that they swallow the logarithm of the sum.
    for (const size of [-1e30, -3e8, 3e8, 1e30]) {
      const large = new Float32Array(6).fill(size);
      const shard = { shape: [1, 6], state: k.logSumExpState(1).add(large), grad: true } as const;
      expect(k.softmaxCrossEntropy(large, [2], shard).grad[0]).toBe(Math.fround(1 / 6));
    }
    // Rows whose largest logit is 0, and so sure that the others' part is small beside 1.
    for (const row of [
      [0, -23.5, -24],
      [0, -30, -31],
      [0, -100, -103],
    ]) {
      const sure = Float32Array.from(row);
      const shard = { shape: [1, 3], state: k.logSumExpState(1).add(sure), grad: true } as const;
      expect(k.softmaxCrossEntropy(sure, [0], shard).loss).toBe(Math.fround(Math.exp(row[1]) + Math.exp(row[2])));
    }
    const wrong = new Proxy(backend.k, {
      get(target, name) {
        if (name !== "softmaxCrossEntropy") return Reflect.get(target, name, target);
        return (...args: Parameters<Xentropy["softmaxCrossEntropy"]>) => {
          const result = target.softmaxCrossEntropy(...args) as { loss: number; grad: Float32Array };
          result.grad[3] *= 1.00001;
          return result;
        };
      },
    });
    const call = () => checked(wrong).softmaxCrossEntropy(x, [1500, 4999], { shape, state, start: 1000, grad: true });
    expect(call).toThrow(CrossCheckError);
  });
});
