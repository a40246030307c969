import { describe, it } from "vitest";
import { BACKENDS } from "./support/backends.js";
import { NAMED_CALLS, operandsFor, takesEmptyRows } from "./support/calls.js";
import { LOGITS, type Sample, SHORT_LENGTHS, spread, sprinkled } from "./support/samples.js";
import { expectSameBits } from "./support/ulp.js";

const EXTREME: Sample = (n, seed) =>
  sprinkled(spread(n, seed, -200, 200), seed, [0, -0, 1e-45, -1e-39, 3.4e38, -3.4e38, -Infinity], 3);
const SPECIAL: Sample = (n, seed) => sprinkled(EXTREME(n, seed), seed, [Number.NaN, Infinity, -Infinity], 30);

const [simd, , js] = BACKENDS;

describe.each(NAMED_CALLS)("simd and js have the same bits, zero signs included: %s", (_, call) => {
  const samples: (readonly [string, Sample])[] = [...LOGITS, ["extreme", EXTREME], ["special", SPECIAL]];

  function compare(sample: Sample, rows: number, length: number, reduction: "none" | "mean"): void {
    const { beside, shape } = operandsFor(call, rows, length);
    const x = sample(rows * length, length + 1);
    const ours = call.run(simd.k, x, beside, { shape, reduction });
    const theirs = call.run(js.k, x, beside, { shape, reduction });
    const what = `${reduction}, shape [${shape}]`;
    expectSameBits(theirs.array, ours.array, what);
    expectSameBits(theirs.loss, ours.loss, `loss, ${what}`);
  }

  it.each(samples)("logits %s", (_title, sample) => {
    for (const length of [...SHORT_LENGTHS, 2049]) {
      if (length > 0 || takesEmptyRows(call)) compare(sample, 3, length, length & 1 ? "none" : "mean");
    }
  });

  it("many rows, and rows of more than a tile", () => {
    for (const sample of [EXTREME, SPECIAL]) {
      compare(sample, 4100, 3, "mean");
      compare(sample, 1, 66_000, "mean");
    }
  });
});
