import { expect, it } from "vitest";
import { softmax } from "../src/reference/index.js";
import { describeEachBackend } from "./support/backends.js";
import { LOGITS, LONG_LENGTHS, normal, SHORT_LENGTHS } from "./support/samples.js";
import { expectWithin } from "./support/ulp.js";

describeEachBackend("softmax", (backend) => {
  it.each(LOGITS)("is within 4 ULP at every length: logits %s", (_, sample) => {
    for (const length of SHORT_LENGTHS) {
      const shape = [3, length];
      const x = sample(3 * length, length + 1);
      expectWithin(4, backend.k.softmax(x, { shape }), softmax(x, { shape }), `length ${length}`);
    }
    for (const length of LONG_LENGTHS.filter((n) => backend.affords(n))) {
      const x = sample(length, length);
      expectWithin(4, backend.k.softmax(x), softmax(x), `length ${length}`);
    }
  });

  it("is within 4 ULP in batches of many rows", () => {
    for (const shape of [
      [5000, 3],
      [40, 3000],
      [2, 70_000],
    ]) {
      const x = normal(shape[0] * shape[1], 11, 0, 10);
      expectWithin(4, backend.k.softmax(x, { shape }), softmax(x, { shape }), `shape [${shape}]`);
    }
  });

  it("is within 4 ULP for a row of 600000, longer than the workspace has room for block maxima", () => {
    const x = normal(600_000, 12, 0, 20);
    expectWithin(4, backend.k.softmax(x), softmax(x), "foreign");
  });

  it("gives no row nothing and no column nothing", () => {
    expect(backend.k.softmax(new Float32Array(0))).toEqual(new Float32Array(0));
    expect(backend.k.softmax(new Float32Array(0), { shape: [0, 5] })).toEqual(new Float32Array(0));
    expect(backend.k.softmax(new Float32Array(0), { shape: [5, 0] })).toEqual(new Float32Array(0));
  });

  it("works along the last axis of any shape", () => {
    const x = normal(2 * 3 * 4 * 5, 13);
    const rows = backend.k.softmax(x, { shape: [24, 5] });
    expect(backend.k.softmax(x, { shape: [2, 3, 4, 5] })).toEqual(rows);
    expect(backend.k.softmax(x.subarray(0, 5), { shape: [5] })).toEqual(rows.slice(0, 5));
  });
});
