import { it } from "vitest";
import { describeEachBackend } from "./support/backends.js";
import { distributions, spread } from "./support/samples.js";
import { expectSameBits } from "./support/ulp.js";

/** Divergences of many short rows, which go together, and of long ones, which come in tiles. */
const PAIRS = ["crossEntropy", "klDivergence", "jensenShannon"] as const;

describeEachBackend("a divergence", (backend) => {
  it("gives each of many short rows the bits that it has alone, whatever the rows beside it hold", () => {
    const { k } = backend;
    for (const length of [1, 3, 8, 10, 30]) {
      // Two blocks of rows go together: one with rows that are none of the usual, one without.
      const together = Math.floor(2048 / length);
      const rows = Math.min(2 * together, 500);
      const shape = [rows, length];
      const p = distributions(rows, length, 31);
      const q = distributions(rows, length, 32);
      for (const unusual of [false, true]) {
        const odd = [0, 1e-40, -0.5, Number.NaN, Infinity, 2e38];
        for (const row of unusual ? [2, 3, 50] : []) {
          for (let i = 0; i < length; i++) (i % 2 ? p : q)[row * length + i] = odd[(row + i) % odd.length];
        }
        for (const name of PAIRS) {
          const { loss, grad } = k[name](p, q, { shape, grad: true });
          for (let row = 0; row < rows; row++) {
            const [from, to] = [row * length, (row + 1) * length];
            const alone = k[name](p.subarray(from, to), q.subarray(from, to), { grad: true });
            expectSameBits(loss.subarray(row, row + 1), alone.loss, `${name}, row ${row} of ${length}`);
            expectSameBits(grad.subarray(from, to), alone.grad, `gradient of ${name}, row ${row} of ${length}`);
          }
        }
        const each = k.entropy(p, { shape });
        for (let row = 0; row < rows; row++) {
          const alone = k.entropy(p.subarray(row * length, (row + 1) * length));
          expectSameBits(each.subarray(row, row + 1), alone, `entropy, row ${row} of ${length}`);
        }
      }
    }
  });

  it("has the same bits however a long row is cut into tiles, where its terms cancel but for what rounding left", () => {
    const n = 140_000;
    const { k } = backend;
    const p = spread(n, 33, 0, 1);
    const q = spread(n, 34, -10, 10).map((power) => 2 ** Math.round(power));
    for (let i = 0; i < n / 2; i++) {
      p[n - 1 - i] = p[i];
      q[n - 1 - i] = 1 / q[i];
    }
    const there = [p, q].map((values) => {
      const batch = k.alloc([1, n]);
      batch.set(values);
      return batch;
    });
    for (const name of PAIRS) {
      expectSameBits(k[name](there[0], there[1]), k[name](p, q), name);
    }
    for (const batch of there) batch.free();
  });

  it("writes no gradient where none is asked for, not even over what a long row's blocks have summed up to", () => {
    const { k } = backend;
    const all = [35, 36].map((seed) => spread(131_072, seed, 0, 1));
    // The last tile ends in blocks and a part of one, which stands at another place each time.
    for (let n = 69_631; n < 131_072; n += backend.affords(n) ? 2048 : 20_480) {
      const [p, q] = all.map((values) => values.subarray(0, n));
      for (const name of PAIRS) {
        expectSameBits(k[name](p, q), k[name](p, q, { grad: true }).loss, `${name}, length ${n}`);
      }
    }
  });

  it("takes what is resident beside what isn't, of which tiles hold a part at a time", () => {
    const k = backend.open();
    const n = backend.affords(400_000) ? 400_000 : 6000;
    const [p, q] = [37, 38].map((seed) => spread(n, seed, 0, 1));
    for (const shape of [[n], [n / 100, 100]]) {
      const [a, b] = [p, q].map((values) => k.alloc(shape).set(values));
      for (const name of PAIRS) {
        const expected = backend.k[name](p, q, { shape, grad: true });
        // What comes last finds p as it was.
        for (const other of [q, b, q]) {
          expectSameBits(k[name](a, other), expected.loss, `${name} alone, ${shape}`);
          const { loss, grad } = k[name](a, other, { grad: new Float32Array(n) });
          expectSameBits(loss, expected.loss, `${name}, ${shape}`);
          expectSameBits(grad, expected.grad, `gradient of ${name}, ${shape}`);
        }
      }
      for (const batch of [a, b]) batch.free();
    }
    k.dispose();
  });
});
