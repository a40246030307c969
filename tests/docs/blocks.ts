import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A fenced block of a document. */
export interface Block {
  readonly document: string;
  /** The line of its first line of code. */
  readonly line: number;
  /** What stands behind the fence: the language, then words about it. */
  readonly language: string;
  readonly words: readonly string[];
  readonly code: string;
}

/** README, the CHANGELOG and all of docs. */
export function documents(): string[] {
  const inDocs = readdirSync("docs", { recursive: true }).map(String);
  const named = inDocs.filter((name) => name.endsWith(".md")).map((name) => join("docs", name));
  return ["README.md", "CHANGELOG.md", ...named].filter((path) => existsSync(path)).sort();
}

export function blocksOf(document: string): Block[] {
  const blocks: Block[] = [];
  let open: { line: number; info: string; code: string[] } | undefined;
  for (const [index, text] of readFileSync(document, "utf8").split("\n").entries()) {
    const fence = /^\s*```(.*)$/.exec(text);
    if (!fence) open?.code.push(text);
    else if (!open) open = { line: index + 2, info: fence[1].trim(), code: [] };
    else {
      const [language = "", ...words] = open.info.split(/\s+/);
      blocks.push({ document, line: open.line, language, words, code: open.code.join("\n") });
      open = undefined;
    }
  }
  if (open) throw new Error(`${document}:${open.line} is never closed.`);
  return blocks;
}

/** One program: files of a document's blocks. A block with imports begins a new one, the others go on with it. */
export interface Program {
  readonly document: string;
  readonly line: number;
  /** TypeScript by file name; "main.js" is run. */
  readonly files: ReadonlyMap<string, string>;
}

/**
 * The programs of a document's ts and js blocks. A block marked `file=NAME` is a file beside the next program; one marked
 * `in=WHERE` is run elsewhere, by what it names.
 */
export function programsOf(document: string): Program[] {
  const programs: { document: string; line: number; files: Map<string, string> }[] = [];
  let beside = new Map<string, string>();
  for (const { language, words, line, code } of blocksOf(document)) {
    if (language !== "ts" && language !== "js") continue;
    if (words.some((word) => word.startsWith("in="))) continue;
    const file = words.find((word) => word.startsWith("file="))?.slice(5);
    if (file) beside.set(file, code);
    else if (/^import /m.test(code) || programs.length === 0) {
      programs.push({ document, line, files: beside.set("main.js", code) });
      beside = new Map();
    } else {
      const { files } = programs[programs.length - 1];
      files.set("main.js", `${files.get("main.js")}\n${code}`);
    }
  }
  return programs;
}
