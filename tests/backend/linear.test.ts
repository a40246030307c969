import { describe, it } from "vitest";
import { BLOCK, PANEL, ROW_RECORD, STATE_BYTES } from "../../src/backend/backend.js";
import { cycled, FLOATS, mirror, PROBABILITIES } from "./mirror.js";

const up = (n: number, to: number) => Math.ceil(n / to) * to;

/** Rows, columns, depth. */
const PRODUCTS = [
  [1, 1, 0],
  [5, 13, 0],
  [1, 1, 1],
  [3, 5, 2],
  [4, 8, 63],
  [5, 9, 64],
  [7, 12, 65],
  [8, 16, 128],
  [9, 23, 130],
  [2, 4, 200],
] as const;

describe.each(FLOATS)("simd and js have the same bits, numbers %s:", (_, sample) => {
  it("packing, products and column sums", () => {
    for (const [m, n, depth] of PRODUCTS) {
      mirror.clear();
      const a = mirror.put(sample(m * depth, m));
      const b = mirror.put(sample(n * depth, n + 1));
      const start = mirror.put(sample(n, n + 2));
      const what = `${m} × ${n} × ${depth}`;
      const rows = mirror.floats(up(m, 4) * depth);
      const eights = mirror.floats(up(n, 8) * depth);
      mirror.same(`packRows by 4, ${what}`, (k) => k.packRows(a, depth * 4, rows, m, depth, 4));
      mirror.same(`packRows by 8, ${what}`, (k) => k.packRows(b, depth * 4, eights, n, depth, 8));
      const out = mirror.put(sample(m * (n + 3), 7));
      const tile = mirror.scratch(256);
      for (const add of [false, true]) {
        for (const from of [0, start]) {
          mirror.same(`product, ${what}`, (k) =>
            k.product(rows, eights, PANEL, out, (n + 3) * 4, m, n, depth, from, add, tile),
          );
          if (n % 8 > 0) continue;
          const lying = mirror.put(sample(n * depth, n + 3));
          mirror.same(`product with a matrix as it lies, ${what}`, (k) =>
            k.product(rows, lying, n * 4, out, (n + 3) * 4, m, n, depth, from, add, tile),
          );
        }
      }
      const sums = mirror.put(new Float64Array(up(m, 4) * up(n, 8)).fill(0.25));
      mirror.same(`productSums, ${what}`, (k) => k.productSums(rows, eights, sums, m, n, depth));
      for (const add of [false, true]) {
        mirror.same(`storeSums, ${what}`, (k) => k.storeSums(sums, out, (n + 3) * 4, m, n, add));
      }
      const totals = mirror.put(new Float64Array(up(n, 4)).fill(0.5));
      const panels = mirror.floats(up(m, 4) * (n + 1));
      const strips = mirror.floats(up(n, 4) * m);
      for (const [wanted, byRows, byColumns, sum] of [
        ["all", panels, strips, totals],
        ["rows", panels, 0, 0],
        ["columns", 0, strips, 0],
        ["sums", 0, 0, totals],
      ] as const) {
        mirror.same(`packGradient, ${wanted}, ${what}`, (k) =>
          k.packGradient(out, (n + 3) * 4, byRows, (n + 1) * 16, byColumns, sum, m, n),
        );
      }
      for (const width of [4, 8]) {
        const columns = mirror.floats(up(n, width) * m);
        mirror.same(`packColumns by ${width}, ${what}`, (k) => k.packColumns(out, (n + 3) * 4, columns, m, n, width));
      }
    }
  });

  it("softmax cross-entropy in blocks", () => {
    const rows = 5;
    for (const cols of [1, 7, 64, BLOCK - 1, BLOCK + 5]) {
      for (const [dense, storing, look] of [
        [false, false, true],
        [false, true, false],
        [true, true, true],
        [true, true, false],
      ]) {
        mirror.clear();
        const targets = dense ? mirror.put(cycled(PROBABILITIES, cols)[1](rows * cols, cols + 1)) : 0;
        const states = mirror.doubles((rows * STATE_BYTES) / 8);
        const maxima = mirror.floats(rows * 2);
        const e = mirror.scratch(BLOCK * 4);
        const record = new Float64Array((rows * ROW_RECORD) / 8);
        const words = new Int32Array(record.buffer);
        for (let row = 0; row < rows; row++) {
          record[row * 6] = dense ? 0 : cycled([1, 0.3, 0], row);
          record[row * 6 + 1] = cycled([1, -0.7], row);
          words[row * 12 + 8] = dense ? 0 : cycled([0, cols - 1, -1, cols >> 1], row);
        }
        const records = mirror.put(record);
        const what = `${cols} columns${dense ? ", dense" : ""}${look ? ", the largest too" : ""}`;
        mirror.same(`linearBegin, ${what}`, (k) => k.linearBegin(records, states, rows));
        const blocks = [0, BLOCK].filter((column) => column < cols);
        const parts = blocks.map((column) => {
          const n = Math.min(BLOCK, cols - column);
          const part = mirror.put(sample(rows * n, cols + column));
          return { column, n, part };
        });
        for (const { column, n, part } of parts) {
          const base = targets ? targets + column * 4 : 0;
          const at = maxima + (column / BLOCK) * 4;
          mirror.same(`linearForward, ${what}`, (k) =>
            k.linearForward(
              part,
              base,
              targets ? cols * 4 : 0,
              records,
              states,
              at,
              8,
              rows,
              n,
              column,
              look,
              storing ? part : e,
            ),
          );
          if (storing) continue;
          mirror.same(`linearMaxima, ${what}`, (k) => k.linearMaxima(part, at, 8, rows, n));
        }
        mirror.same(`linearFinish, ${what}`, (k) => k.linearFinish(records, states, 0.01, look, rows));
        for (const { column, n, part } of parts) {
          const base = targets ? targets + column * 4 : 0;
          const at = maxima + (column / BLOCK) * 4;
          mirror.same(`linearBackward, ${what}`, (k) =>
            k.linearBackward(
              part,
              n * 4,
              base,
              targets ? cols * 4 : 0,
              records,
              states,
              at,
              8,
              0.01,
              rows,
              n,
              column,
              storing ? rows : 0,
            ),
          );
        }
      }
    }
  });

  it("sigmoid cross-entropy in blocks", () => {
    const rows = 3;
    for (const cols of [1, 6, 130]) {
      mirror.clear();
      const n = rows * cols;
      const t = mirror.put(cycled(PROBABILITIES, cols)[1](n, cols));
      const u = mirror.put(sample(n, 5));
      const losses = mirror.floats(n);
      const e = mirror.scratch((BLOCK + 24) * 4);
      const sums = mirror.put(new Float64Array(rows).fill(0.5));
      for (const [weights, smoothing, grad] of [
        [0, 0, true],
        [u, 0, true],
        [0, 0.1, false],
      ] as const) {
        const z = mirror.put(sample(n, cols + 1));
        mirror.same(`linearSigmoid, ${cols}`, (k) =>
          k.linearSigmoid(z, t, weights, 0, grad, grad ? losses : 0, sums, e, rows, cols, smoothing, 0.3),
        );
      }
    }
  });
});
