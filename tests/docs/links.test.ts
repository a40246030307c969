import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { documents } from "./blocks.js";

/** A document without its code. */
function proseOf(document: string): string {
  return readFileSync(document, "utf8").replace(/^```[\s\S]*?^```/gm, "");
}

/** The names that headings can be linked by, as GitHub makes them. */
function anchorsOf(document: string): string[] {
  const seen = new Map<string, number>();
  return [...proseOf(document).matchAll(/^#{1,6} +(.+?) *$/gm)].map(([, heading]) => {
    const text = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const name = text.replace(/[^\p{Letter}\p{Mark}\p{Number}\p{Connector_Punctuation}\- ]/gu, "").replaceAll(" ", "-");
    const times = seen.get(name) ?? 0;
    seen.set(name, times + 1);
    return times === 0 ? name : `${name}-${times}`;
  });
}

interface Link {
  readonly target: string;
  /** The file it leads to, as seen from the package. */
  readonly file: string;
  readonly anchor: string | undefined;
}

/** Links into the repository. */
function linksOf(document: string): Link[] {
  return [...proseOf(document).matchAll(/\]\(<?([^)>\s]+)>?(?: "[^"]*")?\)/g)]
    .map(([, target]) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path, anchor] = target.split("#");
      return { target, file: path === "" ? document : join(dirname(document), path), anchor };
    });
}

/** Folders whose files documents name in code: `src/ops/softmax.ts`. */
const NAMED = /`((?:assembly|src|tests|bench|tools|page|examples|docs)\/[\w./-]*)`/g;

it("headings have the names that GitHub gives them", () => {
  expect(anchorsOf("docs/operations.md")).toContain("shape-and-axis");
  expect(anchorsOf("docs/guide/mathematics.md")).toContain("the-gradient-p--y");
});

describe.each(documents())("%s", (document) => {
  const links = linksOf(document);

  it("links to files and folders that are there", () => {
    for (const { target, file } of links) expect(existsSync(file), target).toBe(true);
  });

  it("links to headings that are there", () => {
    for (const { target, file, anchor } of links) {
      if (anchor === undefined || !existsSync(file) || !statSync(file).isFile()) continue;
      expect(anchorsOf(file), target).toContain(anchor);
    }
  });

  it("names files and folders that are there", () => {
    for (const [, path] of proseOf(document).matchAll(NAMED)) expect(existsSync(path), path).toBe(true);
  });
});

describe("docs/guide/mathematics.md", () => {
  const document = "docs/guide/mathematics.md";
  const [, ...sections] = proseOf(document).split(/^## /m);

  it.each(sections.map((text) => [text.split("\n")[0], text]))(
    "says of “%s” what computes and what checks it",
    (_, text) => {
      expect(text).toMatch(/Computed by [^.]*`\w+`/);
      expect(text).toMatch(/Checked by\s+\[tests\/[\w./-]+\.test\.ts\]/);
    },
  );
});
