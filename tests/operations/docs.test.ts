import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import type { Xentropy } from "../../src/index.js";
import { describeEachBackend } from "../support/backends.js";

/** The worked examples of docs/operations.md: in each ts block, statements whose result is noted as `// → value`. */
const TEXT = readFileSync(new URL("../../docs/operations.md", import.meta.url), "utf8");

interface Example {
  readonly heading: string;
  readonly line: number;
  readonly code: string;
}

/** The blocks with examples, in order: names that one declares are there for those that follow. */
function examples(): Example[] {
  const found: Example[] = [];
  let heading = "";
  let open: { line: number; code: string[] } | undefined;
  for (const [index, line] of TEXT.split("\n").entries()) {
    if (line.startsWith("#")) heading = line.replace(/^#+ /, "");
    if (line === "```ts") open = { line: index + 2, code: [] };
    else if (line === "```" && open) {
      const code = open.code.join("\n");
      if (code.includes("// → ")) found.push({ heading, line: open.line, code });
      open = undefined;
    } else open?.code.push(line);
  }
  return found;
}

type Check = (got: unknown, wanted: string) => void;

/** Runs the statements of all blocks; each noted result goes to `check`. */
function runAll(k: Xentropy, blocks: readonly Example[], check: (example: Example) => Check): void {
  const checks: Check[] = blocks.map(check);
  const code = blocks.map(({ code }, i) =>
    code.replace(/^(.*); \/\/ → (.*)$/gm, (_, expression: string, wanted: string) => {
      return `checks[${i}](${expression}, ${JSON.stringify(wanted)});`;
    }),
  );
  // The examples are statements of plain JavaScript, and ours.
  new Function("k", "x", "checks", code.join("\n"))(k, Float32Array.of(1, 2, 3), checks);
}

/** A number as the document prints it: to as many digits as stand there. */
function printed(value: number, wanted: string): string {
  if (!Number.isFinite(value)) return String(value);
  const [mantissa, exponent] = wanted.replace("-", "").split("e");
  const digits = mantissa.replace(".", "").replace(/^0+/, "").length || 1;
  const rounded = Number(value.toPrecision(digits));
  return exponent === undefined ? String(rounded + 0) : String(rounded);
}

function compare(got: unknown, wanted: string, what: string): void {
  const list = /^\[(.*)\]$/.exec(wanted);
  if (!list) {
    expect(printed(got as number, wanted), what).toBe(String(Number(wanted)));
    return;
  }
  const numbers = list[1].split(", ");
  const values = Array.from(got as ArrayLike<number>);
  expect(
    values.map((value, i) => printed(value, numbers[i])),
    what,
  ).toEqual(numbers.map((n) => String(Number(n))));
}

const BLOCKS = examples();

/** Every option of every operation, as its section is called. */
const OPTIONS =
  "shape axis out grad reduction gradOutput ignoreIndex classWeights sampleWeights labelSmoothing zLoss softcap temperature emptyRow correct logSumExp posWeight elementWeights alpha gamma unit bias accumulate state start".split(
    " ",
  );

const OPERATIONS =
  "softmax logSoftmax logSumExp softmaxBackward logSoftmaxBackward argmax topK sigmoid logSigmoid softplus logit softmaxCrossEntropy nllLoss softmaxKlDivergence sigmoidCrossEntropy sigmoidFocalLoss linearSoftmaxCrossEntropy linearSigmoidCrossEntropy entropy crossEntropy klDivergence jensenShannon binaryCrossEntropy".split(
    " ",
  );

describeEachBackend("docs/operations.md", (backend) => {
  it("has the numbers that the operations give", () => {
    let count = 0;
    runAll(backend.k, BLOCKS, ({ heading, line }) => (got, wanted) => {
      count++;
      compare(got, wanted, `under "${heading}", from line ${line}: ${wanted}`);
    });
    expect(count).toBe(TEXT.match(/\/\/ → /g)?.length);
    expect(count).toBeGreaterThan(60);
  });

  it.each(OPERATIONS)("has an example of %s", (name) => {
    expect(BLOCKS.some(({ code }) => code.includes(`k.${name}(`))).toBe(true);
    expect(TEXT).toMatch(new RegExp(`^\\| \`${name}\\(`, "m"));
    expect(typeof backend.k[name as "softmax"]).toBe("function");
  });

  it.each(OPTIONS)("has a row, a section and an example of the option %s", (name) => {
    expect(TEXT).toMatch(new RegExp(`^\\| \\[.*\`${name}\``, "m"));
    const sections = TEXT.split(/^### /m).filter((section) => section.split("\n")[0].split(" and ").includes(name));
    expect(sections).toHaveLength(1);
    expect(sections[0]).toMatch(name === "shape" || name === "axis" ? /axis|shape/ : new RegExp(`${name}:`));
    expect(sections[0]).toContain("// → ");
  });

  it("links to sections that are there", () => {
    const anchors = Array.from(TEXT.matchAll(/^#+ (.*)$/gm), ([, title]) =>
      title
        .toLowerCase()
        .replace(/[^\w -]/g, "")
        .replaceAll(" ", "-"),
    );
    for (const [, target] of TEXT.matchAll(/\]\(#([^)]*)\)/g)) expect(anchors).toContain(target);
  });
});
