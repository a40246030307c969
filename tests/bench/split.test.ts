import { describe, expect, it } from "vitest";
import { load } from "xentropy";
import { requireSame } from "../../bench/speed-up.js";
import { Parts, partOf, share } from "../../bench/split.js";

describe("a batch is cut into parts", () => {
  it.each([
    [1, 1_048_576, 3],
    [1, 1000, 3],
    [1, 128_256, 7],
    [5, 33, 2],
    [128, 1000, 3],
  ])(
    "of %i x %i on %i threads each element is in one, and a row begins at whole cache lines",
    (rows, columns, threads) => {
      let end = 0;
      for (let part = 0; part < threads; part++) {
        const { offset, count, width } = partOf(rows, columns, threads, part);
        expect(offset).toBe(end);
        if (rows === 1) expect(offset % 16).toBe(0);
        end += count * width;
      }
      expect(end).toBe(rows * columns);
    },
  );
});

describe("parts together write what the library does, sums over the batch:", async () => {
  const k = await load();
  const [rows, columns] = [7, 333];
  const n = rows * columns;
  const shape = [rows, columns];
  const labels = new Int32Array(rows);
  const threads = 3;
  const parts = new Parts(share(threads, n));
  const { x, y, out } = parts.operands(n);
  for (let i = 0; i < n; i++) [x[i], y[i]] = [Math.sin(i) * 4, Math.cos(i * 3) * 5];
  const grad = (call: (grad: Float32Array) => unknown) => {
    const made = new Float32Array(n);
    call(made);
    return made;
  };

  it.each([
    ["softmax", grad((to) => k.softmax(x, { shape, out: to }))],
    ["softmaxCrossEntropy", grad((to) => k.softmaxCrossEntropy(x, labels, { shape, grad: to, reduction: "sum" }))],
    ["softmaxKlDivergence", grad((to) => k.softmaxKlDivergence(x, y, { shape, grad: to, reduction: "sum" }))],
    ["sigmoid", k.sigmoid(x)],
    ["copy", x.slice()],
  ] as const)("%s", (work, expected) => {
    out.fill(Number.NaN);
    for (let part = 0; part < threads; part++) parts.run(work, rows, columns, part);
    expect(out.slice()).toEqual(expected);
  });
});

it("a loss or an element that differs, or that nobody wrote, ends the benchmark", () => {
  const given = (loss: number, ...values: number[]) => ({ loss, values: Float32Array.from(values) });
  expect(() => requireSame("softmax", given(1, 2, 3), given(1, 2, 3))).not.toThrow();
  expect(() => requireSame("softmax", given(1, 2), given(1.5, 2))).toThrow(
    "softmax: the loss is 1.5 on threads, 1 on one",
  );
  expect(() => requireSame("softmax", given(0, 2, 0), given(0, 2, -0))).toThrow("element 1 is 0 on threads, 0 on one");
  expect(() => requireSame("softmax", given(0, 2, NaN), given(0, 2, NaN))).toThrow("element 1 is NaN");
});
