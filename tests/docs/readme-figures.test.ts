import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

/** The speeds that the README quotes are those of docs/performance.md, rounded. */
const README = readFileSync("README.md", "utf8");
const REPORT = readFileSync("docs/performance.md", "utf8");

/** The cells of a section's tables: of each row by its first cell, of each column by its head. */
function cellsOf(text: string, title: string): Map<string, Map<string, string>> {
  const section = text.split(/^## /m).find((part) => part.startsWith(title)) ?? "";
  const rows = new Map<string, Map<string, string>>();
  let heads: string[] | undefined;
  for (const line of section.split("\n")) {
    if (!line.startsWith("|")) heads = undefined;
    else if (!/^\|[-:|]+\|$/.test(line)) {
      const [name, ...cells] = line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim());
      if (heads) rows.set(name, new Map(heads.map((head, i) => [head, cells[i]])));
      else heads = cells;
    }
  }
  return rows;
}

const SPEEDS = cellsOf(REPORT, "Times as fast as plain JavaScript: simd, foreign, Node 20.");
const RIVALS = cellsOf(REPORT, "xentropy against the best rival, Node 20.");

/** A figure is the measured one, rounded to the digits that are quoted. */
function expectRounded(quoted: string, measured: string | undefined, where: string): void {
  const decimals = quoted.split(".")[1]?.length ?? 0;
  const off = Math.abs(Number(quoted) - Number.parseFloat(measured ?? "NaN"));
  expect(off <= 0.5 * 10 ** -decimals + 1e-9, `${where}: ${quoted}, measured ${measured}`).toBe(true);
}

describe("the README's figures of speed", () => {
  /** As the report calls them. */
  const NAMES = new Map([
    ["softmaxCrossEntropy with gradient", "softmaxCrossEntropy"],
    ["the same, dense targets", "softmaxCrossEntropyDense"],
    ["softmaxKlDivergence with gradient", "softmaxKlDivergence"],
  ]);
  const quoted = cellsOf(README, "How fast");

  it("are in a table of five operations and five sizes", () => {
    expect([...quoted.values()].map((row) => row.size)).toEqual([5, 5, 5, 5, 5]);
  });

  it.each([...quoted.keys()])("are the report's: %s", (name) => {
    for (const [shape, figure] of quoted.get(name) ?? []) {
      expectRounded(figure, SPEEDS.get(NAMES.get(name) ?? name)?.get(shape), shape);
    }
  });

  it("are the report's: operations on 100,000 elements", () => {
    const sentence = /^On 100,000 elements: ([\s\S]*?\d)\.\s/m.exec(README)?.[1] ?? "";
    const figures = [...sentence.matchAll(/(\w+)(?: with gradient)? (\d[\d.]*)/g)];
    expect(figures).toHaveLength(3);
    for (const [, name, figure] of figures) expectRounded(figure, SPEEDS.get(name)?.get("100000"), name);
  });

  it("are the report's: the row of speed", () => {
    const row = /^\| Speed \|.*$/m.exec(README)?.[0] ?? "";
    const [, least, most] = /\| (\d+) to (\d+) times/.exec(row) ?? [];
    const apart = [...row.matchAll(/\b(argmax|topK|nllLoss) (\d[\d.]*)/g)];
    for (const [, name, figure] of apart) expectRounded(figure, SPEEDS.get(name)?.get("32x1000"), name);
    const others = [...SPEEDS].filter(([name, cells]) => cells.has("32x1000") && !apart.some((one) => one[1] === name));
    const speeds = others.map(([, cells]) => Number(cells.get("32x1000")));
    expectRounded(least, String(Math.min(...speeds)), "least");
    expectRounded(most, String(Math.max(...speeds)), "most");
  });

  it("are the report's: the row of the best rival", () => {
    const row = /^\| Against the best rival \|.*$/m.exec(README)?.[0] ?? "";
    const said = [
      ["logSumExp", /logSumExp (\d[\d.]*)x/],
      ["softmaxCrossEntropy", /, cross-entropy (\d[\d.]*)x/],
      ["softmax", /softmax and logSoftmax (\d[\d.]*)x/],
      ["logSoftmax", /softmax and logSoftmax (\d[\d.]*)x/],
      ["sigmoidCrossEntropy", /sigmoid cross-entropy (\d[\d.]*)x/],
    ] as const;
    for (const [name, pattern] of said) {
      expectRounded(pattern.exec(row)?.[1] ?? "", RIVALS.get(name)?.get("simd"), name);
    }
  });
});
