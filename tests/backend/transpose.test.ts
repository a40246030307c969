import { it } from "vitest";
import { uniform } from "../support/samples.js";
import { mirror } from "./mirror.js";

/** Words of any bits, NaNs with all payloads among them: a transposition moves them as they are. */
function words(n: number, seed: number): Int32Array {
  const next = uniform(seed);
  return Int32Array.from({ length: n }, () => (next() < 0.2 ? 0x7f800001 + next() * 0x7ffff : next() * 2 ** 32) | 0);
}

it("simd and js have the same bits, those of a NaN too: transpose", () => {
  const small = Array.from({ length: 10 }, (_, rows) => Array.from({ length: 10 }, (_, cols) => [rows, cols] as const));
  const large = [
    [1, 500],
    [500, 1],
    [33, 65],
    [64, 64],
    [7, 300],
    [129, 6],
  ] as const;
  for (const [rows, cols] of [...small.flat(), ...large]) {
    for (const [wider, taller] of [
      [0, 0],
      [3, 0],
      [0, 5],
      [1, 4],
    ] as const) {
      const from = cols + wider;
      const to = rows + taller;
      mirror.clear();
      const x = mirror.put(words(rows * from, rows + cols));
      const out = mirror.integers(cols * to);
      mirror.same(`${rows} × ${cols}, from ${from}, to ${to}`, (k) => k.transpose(x, from, out, to, rows, cols));
    }
  }
});
