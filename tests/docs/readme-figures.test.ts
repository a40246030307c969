import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

/** The speeds that the README and docs/known-issues.md quote are those of docs/performance.md, rounded. */
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
const SPEEDS_24 = cellsOf(REPORT, "Times as fast as plain JavaScript: simd, foreign, Node 24.");
const RIVALS = cellsOf(REPORT, "xentropy against the best rival, Node 20.");
const RIVALS_24 = cellsOf(REPORT, "xentropy against the best rival, Node 24.");
const TIMES = cellsOf(REPORT, "Nanoseconds an element beside other libraries, Node 20.");

/** The smallest and the largest of some figures. */
function expectRange([least, most]: readonly string[], measured: readonly number[]): void {
  expectRounded(least, String(Math.min(...measured)), "least");
  expectRounded(most, String(Math.max(...measured)), "most");
}

/** Figures of a column, but for some operations. */
function columnOf(speeds: typeof SPEEDS, size: string, without: readonly string[] = []): number[] {
  const rows = [...speeds].filter(([name, cells]) => cells.get(size) && !without.includes(name));
  return rows.map(([, cells]) => Number(cells.get(size)));
}

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
    const apart = [...row.matchAll(/\b(argmax|topK|nllLoss) (\d[\d.]*)/g)];
    for (const [, name, figure] of apart) expectRounded(figure, SPEEDS.get(name)?.get("32x1000"), name);
    const names = apart.map(([, name]) => name);
    expect(names).toHaveLength(3);
    const [here, newer] = [...row.matchAll(/(\d+) to (\d+) times/g)].map(([, ...range]) => range);
    expectRange(here, columnOf(SPEEDS, "32x1000", names));
    expectRange(newer, columnOf(SPEEDS_24, "32x1000", names));
  });

  it("are the report's: Node 24 beside Node 20", () => {
    const sentence = /at 32x1000 (softmax is [\s\S]*?\d)\.\s/.exec(README)?.[1] ?? "";
    const figures = [...sentence.matchAll(/(\w+)(?: is)? (\d[\d.]*)/g)];
    expect(figures).toHaveLength(3);
    for (const [, name, figure] of figures) expectRounded(figure, SPEEDS_24.get(name)?.get("32x1000"), name);
  });

  it("are the report's: where it loses", () => {
    const [, least, most] = /at 1x10 operations are ([\d.]+) to ([\d.]+) times/.exec(README) ?? [];
    expectRange([least, most], columnOf(SPEEDS, "1x10"));
    const ours = ["softmax", "logSoftmax", "logSumExp", "softmaxCrossEntropy"].map((name) => {
      return (10 * Number(TIMES.get(`${name} 1x10`)?.get("simd foreign"))) / 1000;
    });
    expectRange(/takes\s+([\d.]+) to ([\d.]+) microseconds/.exec(README)?.slice(1) ?? [], ours);
    const [, large, long] =
      /`simd` is ([\d.]+) times as fast at softmax at 32x1000, and ([\d.]+) times/.exec(README) ?? [];
    for (const [figure, size] of [
      [large, "32x1000"],
      [long, "1x1048576"],
    ]) {
      const cells = TIMES.get(`softmax ${size}`);
      const [own, rival] = ["simd foreign", "tfjs-backend-wasm foreign"].map((head) =>
        Number.parseFloat(cells?.get(head) ?? ""),
      );
      expectRounded(figure, String(rival / own), size);
    }
  });

  it("are the report's: the row of the best rival", () => {
    const row = /^\| Against the best rival \|.*$/m.exec(README)?.[0] ?? "";
    const said = [
      ["logSumExp", /logSumExp (\d[\d.]*)x/],
      ["softmaxCrossEntropy", /, cross-entropy (\d[\d.]*)x/],
      ["softmax", /, softmax (\d[\d.]*)x/],
      ["logSoftmax", / and logSoftmax (\d[\d.]*)x/],
      ["sigmoidCrossEntropy", /sigmoid cross-entropy (\d[\d.]*)x/],
    ] as const;
    for (const [name, pattern] of said) {
      expectRounded(pattern.exec(row)?.[1] ?? "", RIVALS.get(name)?.get("simd"), name);
    }
    const [, sum, entropy] = /Node 24: logSumExp (\d[\d.]*)x, cross-entropy (\d[\d.]*)x/.exec(row) ?? [];
    expectRounded(sum, RIVALS_24.get("logSumExp")?.get("simd"), "logSumExp, Node 24");
    expectRounded(entropy, RIVALS_24.get("softmaxCrossEntropy")?.get("simd"), "cross-entropy, Node 24");
  });
});

it("docs/operations.md has the report's figure of relaxed beside simd", () => {
  const said = /on Node 24 it is ([\d.]+) to ([\d.]+) times as fast as `simd` at\s+32x1000/.exec(
    readFileSync("docs/operations.md", "utf8"),
  );
  const relaxed = cellsOf(REPORT, "Times as fast as plain JavaScript: relaxed, foreign, Node 24.");
  const ratios = [...relaxed].flatMap(([name, cells]) => {
    const [own, simd] = [cells, SPEEDS_24.get(name)].map((speeds) => Number(speeds?.get("32x1000")));
    return own ? [own / simd] : [];
  });
  expectRange(said?.slice(1) ?? [], ratios);
});

describe("the figures of docs/known-issues.md", () => {
  const ISSUES = readFileSync("docs/known-issues.md", "utf8");
  const rowsOf = (text: string) => text.split("\n").filter((line) => /[≥≤].*\|/.test(line) && line.startsWith("|"));
  const cellsIn = (row: string) =>
    row
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim());

  /** How many times a target is missed. */
  function factorOf([, , , target, measured]: readonly string[]): number {
    const factor = Number.parseFloat(target.slice(2)) / Number.parseFloat(measured);
    return target.startsWith("≥") ? factor : 1 / factor;
  }

  it("are the report's: targets missed by a factor of 2, each operation's worst", () => {
    const worst = new Map<string, string[]>();
    for (const row of rowsOf(REPORT).map(cellsIn)) {
      const [against, operation] = row;
      const before = worst.get(`${against} ${operation}`);
      if (!before || factorOf(row) > factorOf(before)) worst.set(`${against} ${operation}`, row);
    }
    const missed = [...worst.values()].filter((row) => factorOf(row) >= 2).sort((a, b) => factorOf(b) - factorOf(a));
    expect(rowsOf(ISSUES).map(cellsIn)).toEqual(missed.map(([a, b, c, d, e, , at]) => [a, b, c, d, e, at]));
  });

  it("are the report's: divergences at 32x1000", () => {
    const names = ["entropy", "crossEntropy", "klDivergence", "jensenShannon"];
    const ranges = /are (\d) to (\d) times as fast as JavaScript with simd [\s\S]*?wide logits (\d) to (\d) times/.exec(
      ISSUES,
    );
    for (const [at, wide] of ["", ", wide logits"].entries()) {
      const speeds = ["20", "24"].flatMap((version) => {
        const cells = cellsOf(REPORT, `Times as fast as plain JavaScript: simd, foreign${wide}, Node ${version}.`);
        return names.map((name) => Number(cells.get(name)?.get("32x1000")));
      });
      expectRange(ranges?.slice(2 * at + 1, 2 * at + 3) ?? [], speeds);
    }
  });
});
