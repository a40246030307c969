import { describe, it } from "vitest";
import { BACKENDS } from "./support/backends.js";
import { NAMED_CALLS, operandsFor } from "./support/calls.js";
import { LOGITS, type Sample, SHORT_LENGTHS, spread, sprinkled } from "./support/samples.js";
import { expectSameBits } from "./support/ulp.js";

const EXTREME: Sample = (n, seed) =>
  sprinkled(spread(n, seed, -200, 200), seed, [0, -0, 1e-45, -1e-39, 3.4e38, -3.4e38, -Infinity], 3);
const SPECIAL: Sample = (n, seed) => sprinkled(EXTREME(n, seed), seed, [Number.NaN, Infinity, -Infinity], 30);

const [simd, , js] = BACKENDS;

describe.each(NAMED_CALLS)("simd and js have the same bits, zero signs included: %s", (_, call) => {
  const samples: (readonly [string, Sample])[] = [...LOGITS, ["extreme", EXTREME], ["special", SPECIAL]];

  it.each(samples)("logits %s", (_title, sample) => {
    const compare = (rows: number, length: number) => {
      const { beside, shape } = operandsFor(call, rows, length);
      const x = sample(rows * length, length + 1);
      for (const reduction of ["none", "mean"] as const) {
        const ours = call.run(simd.k, x, beside, { shape, reduction });
        const theirs = call.run(js.k, x, beside, { shape, reduction });
        const what = `${reduction}, shape [${shape}]`;
        expectSameBits(theirs.array, ours.array, what);
        expectSameBits(theirs.loss, ours.loss, `loss, ${what}`);
      }
    };
    for (const length of SHORT_LENGTHS) if (length > 0 || call.beside !== "labels") compare(3, length);
    for (const length of [1000, 2049, 66_000]) compare(1, length);
    compare(4100, 3);
  });
});
