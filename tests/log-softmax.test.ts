import { expect, it } from "vitest";
import { logSoftmax } from "../src/reference/index.js";
import { describeEachBackend } from "./support/backends.js";
import { LOGITS, LONG_LENGTHS, normal, SHORT_LENGTHS } from "./support/samples.js";
import { expectWithin } from "./support/ulp.js";

describeEachBackend("logSoftmax", (backend) => {
  it.each(LOGITS)("is within 4 ULP at every length: logits %s", (_, sample) => {
    for (const length of SHORT_LENGTHS) {
      const shape = [3, length];
      const x = sample(3 * length, length + 1);
      expectWithin(4, backend.k.logSoftmax(x, { shape }), logSoftmax(x, { shape }), `length ${length}`);
    }
    for (const length of LONG_LENGTHS.filter((n) => backend.affords(n))) {
      const x = sample(length, length);
      expectWithin(4, backend.k.logSoftmax(x), logSoftmax(x), `length ${length}`);
    }
  });

  it("is within 4 ULP in batches of many rows", () => {
    for (const shape of [
      [5000, 7],
      [40, 3000],
      [3, 70_000],
      [1, 600_000],
    ]) {
      const x = normal(shape[0] * shape[1], 21, 0, 10);
      expectWithin(4, backend.k.logSoftmax(x, { shape }), logSoftmax(x, { shape }), `shape [${shape}]`);
    }
  });

  it("keeps the digits of a log-probability near 0: [20, 0, 0] gives −4.122e-9 first", () => {
    const [first, second] = backend.k.logSoftmax(Float32Array.of(20, 0, 0));
    expectWithin(4, [first, second], [-4.122307236380407e-9, -20.0000000041223], "log-probabilities");
  });

  it("gives no row nothing and no column nothing", () => {
    expect(backend.k.logSoftmax(new Float32Array(0), { shape: [0, 5] })).toEqual(new Float32Array(0));
    expect(backend.k.logSoftmax(new Float32Array(0), { shape: [5, 0] })).toEqual(new Float32Array(0));
  });
});
