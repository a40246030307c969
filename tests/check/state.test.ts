import { describe, expect, it } from "vitest";
import { CrossCheckError, checked, type Measurement } from "../../src/check.js";
import { loadSync, type StateData, type Xentropy } from "../../src/index.js";
import { LogSumExpState } from "../../src/log-sum-exp-state.js";
import { describeEachBackend } from "../support/backends.js";
import { columns } from "../support/columns.js";
import { normal } from "../support/samples.js";
import { expectSameBits } from "../support/ulp.js";

const ROWS = 3;
const COLS = 5000;
const x = normal(ROWS * COLS, 8, 0, 3);
const labels = [0, 1, 2].map((row) => x[row * COLS + 7]);

/** Kernels that compute right, but for one more column than was added, in states alone. */
function spoilt(): Xentropy {
  return new Proxy(loadSync(), {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (name !== "logSumExpState") return typeof value === "function" ? value.bind(target) : value;
      return (...args: unknown[]) => value.apply(target, args).add(new Float32Array(ROWS).fill(3));
    },
  });
}

describeEachBackend("a checked state", (backend) => {
  it("gives what an unchecked one gives, and tells of what it confirmed", () => {
    const found: Measurement[] = [];
    const k = checked(backend.k, { onMeasure: (measurement) => found.push(measurement) });
    const [state, plain] = [k.logSumExpState(ROWS), backend.k.logSumExpState(ROWS)];
    for (const [from, to] of [
      [0, 10],
      [10, 3000],
      [3000, COLS],
    ]) {
      const chunk = columns(x, ROWS, from, to);
      expect(state.add(chunk)).toBe(state);
      plain.add(chunk);
    }
    expectSameBits(state.value(), plain.value(), "value");
    expectSameBits(state.loss(labels), plain.loss(labels), "loss");
    expect(state.toJSON()).toEqual(plain.toJSON());
    expect(found.map(({ operation, output, values, bound }) => [operation, output, values, bound])).toEqual([
      ["logSumExpState", "value", ROWS, 4],
      ["logSumExpState", "loss", ROWS, 4],
    ]);
    for (const { distance } of found) expect(distance).toBeLessThan(4);
  });

  it("goes on with columns that wait in one that isn't checked", () => {
    for (let seed = 0; seed < 60; seed++) {
      const c = normal(4, seed, 1000, 1);
      for (const options of [{}, { start: 0 }]) {
        const other = backend.k.logSumExpState(1, options).add(c.slice(0, 2));
        const state = checked(backend.k).logSumExpState(1).merge(other).add(c.slice(2));
        expect(state.loss([c[0]])[0]).toBe(backend.k.softmaxCrossEntropy(c, [0]).loss);
      }
    }
  });

  it("can be checked twice", () => {
    const state = checked(checked(backend.k)).logSumExpState(1).add(Float32Array.of(1, 2));
    expect(state.value()).toEqual(backend.k.logSumExp(Float32Array.of(1, 2)));
  });

  it("merges with its neighbours, checked or not, and goes with softmaxCrossEntropy", () => {
    const k = checked(backend.k);
    const part = (from: number, to: number, own = k) =>
      own.logSumExpState(ROWS, { start: from }).add(columns(x, ROWS, from, to));
    const whole = part(0, COLS);
    const stored = JSON.parse(JSON.stringify(part(4096, COLS))) as StateData;
    const parts = part(2048, 4096).merge(part(0, 2048)).merge(stored);
    expectSameBits(parts.value(), whole.value(), "value");
    expectSameBits(
      part(0, 2048)
        .merge(part(2048, COLS, backend.k))
        .value(),
      whole.value(),
      "value",
    );
    const options = { shape: [ROWS, COLS], state: parts, start: 0 };
    expect(k.softmaxCrossEntropy(x, [1, 2, 3], options).loss).toBe(
      backend.k.softmaxCrossEntropy(x, [1, 2, 3], { shape: [ROWS, COLS], state: whole, start: 0 }).loss,
    );
    expect(() => parts.merge(part(1, 2))).toThrow("no neighbours");
    expect(() => parts.add(new Float32Array(4))).toThrow("makes no 3 rows");
    expectSameBits(parts.value(), whole.value(), "value after what was refused");
  });

  it("says of what isn't taken what unchecked ones say", () => {
    const freed = backend.k.alloc([ROWS]);
    freed.free();
    const detached = new Float32Array(ROWS);
    structuredClone(detached, { transfer: [detached.buffer] });
    const messageOf = (own: Xentropy, act: (state: LogSumExpState) => unknown) => {
      try {
        act(own.logSumExpState(ROWS).add(new Float32Array(ROWS)));
      } catch (error) {
        return String(error);
      }
      return "none";
    };
    const k = checked(backend.k);
    for (const bad of [freed, detached, new DataView(new ArrayBuffer(4)), null, 7, "7"] as never[]) {
      for (const name of ["add", "merge", "loss"] as const) {
        const act = (state: LogSumExpState) => state[name](bad);
        expect(messageOf(k, act), name).toBe(messageOf(backend.k, act));
        expect(messageOf(k, act), name).not.toBe("none");
      }
    }
  });

  it("takes one row by default, labels that are rounded, and what is stored once", () => {
    const found: Measurement[] = [];
    const k = checked(backend.k, { onMeasure: (measurement) => found.push(measurement) });
    const state = k.logSumExpState().add(Float32Array.of(0.1, 2));
    state.value();
    state.loss([0.1]);
    expect(found.map(({ output, values }) => [output, values])).toEqual([
      ["value", 1],
      ["loss", 1],
    ]);
    let reads = 0;
    const stored = Object.defineProperty({ ...state.toJSON() }, "nodes", {
      enumerable: true,
      get() {
        reads++;
        return state.toJSON().nodes;
      },
    });
    k.logSumExpState(1, { start: 2 }).merge(stored).value();
    expect(reads).toBe(1);
  });

  it("takes rows and columns that aren't there, and infinite ones", () => {
    const k = checked(backend.k);
    expect([...k.logSumExpState(0).add(new Float32Array(0)).value()]).toEqual([]);
    expect([...k.logSumExpState(2).value()]).toEqual([-Infinity, -Infinity]);
    const state = k.logSumExpState(2).add(Float32Array.of(-Infinity, 1, Infinity, 2));
    expect(state.value()[1]).toBe(Infinity);
    expect(state.loss([1, 2])[0]).toBe(0);
  });
});

describe("a state that isn't right", () => {
  it("is a CrossCheckError, of its value and of its losses", () => {
    const right = loadSync().logSumExpState(ROWS).add(x);
    const { add, value, loss } = LogSumExpState.prototype;
    const k = checked(loadSync());
    const state = k.logSumExpState(ROWS).add(x);
    // Behind the checks' back.
    add.call(state, new Float32Array(ROWS).fill(9));
    expect(() => state.value()).toThrow(CrossCheckError);
    expect(() => state.loss(labels)).toThrow(CrossCheckError);
    expect(value.call(state)[0]).toBeGreaterThan(right.value()[0]);
    expect(loss.call(state, labels)[0]).toBeGreaterThan(right.loss(labels)[0]);
  });

  it("is found by the reference too, where js has the same", () => {
    const state = checked(spoilt()).logSumExpState(ROWS).add(x.subarray(0, 9));
    expect(() => state.value()).toThrow(/the reference has/);
  });
});
