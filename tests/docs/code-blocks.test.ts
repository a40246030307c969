import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { blocksOf, documents, type Program, programsOf } from "./blocks.js";

/** Programs are written here, inside the package, so that they import it by its name. */
const FOLDER = resolve("build/docs");

const SHOWS = pathToFileURL(resolve("tests/docs/expect.mjs")).href;

/** Languages that are shown and not run. */
const SHOWN = ["", "sh", "text", "html", "json", "diff", "capnp"];

const { scripts } = JSON.parse(readFileSync("package.json", "utf8"));

/** Calls `shows` for each `expression; // → wanted`. */
function withChecks(code: string, where: string): string {
  return code.replace(/^(.*\S); \/\/ → (.*)$/gm, (_, expression: string, wanted: string) => {
    const about = JSON.stringify(`${where}, ${expression}`);
    return `shows(${expression}, ${JSON.stringify(wanted)}, ${about});`;
  });
}

function compile(code: string): string {
  const { ScriptTarget, ModuleKind } = ts;
  return ts.transpileModule(code, {
    compilerOptions: { target: ScriptTarget.ES2022, module: ModuleKind.ESNext, verbatimModuleSyntax: true },
  }).outputText;
}

/** What the compiler says against programs, as the documents have them. */
function typeErrors(programs: readonly Program[]): string[] {
  const places = new Map<string, Program>();
  for (const program of programs) {
    const folder = join(FOLDER, program.document, `${program.line}-typed`);
    mkdirSync(folder, { recursive: true });
    for (const [name, code] of program.files) {
      const path = join(folder, name.replace(/\.js$/, ".ts"));
      writeFileSync(path, code);
      places.set(path, program);
    }
  }
  const { ScriptTarget, ModuleKind, ModuleResolutionKind, ModuleDetectionKind } = ts;
  const compiled = ts.createProgram([...places.keys()], {
    target: ScriptTarget.ES2022,
    module: ModuleKind.NodeNext,
    moduleResolution: ModuleResolutionKind.NodeNext,
    moduleDetection: ModuleDetectionKind.Force,
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: ["node"],
  });
  return ts.getPreEmitDiagnostics(compiled).map(({ messageText, file, start = 0 }) => {
    const { document, line } = places.get(file?.fileName ?? "") ?? { document: "?", line: 0 };
    const at = line + (file?.getLineAndCharacterOfPosition(start).line ?? 0);
    return `${document}, about line ${at}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`;
  });
}

/** Runs a program in a process of its own; returns what went wrong, if anything. */
function run({ document, line, files }: Program): string {
  const folder = join(FOLDER, document, String(line));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [name, code] of files) {
    const text = `import { shows } from ${JSON.stringify(SHOWS)};\n${withChecks(code, `${document}:${line}`)}`;
    writeFileSync(join(folder, name), compile(text));
  }
  const { status, stderr } = spawnSync(process.execPath, [join(folder, "main.js")], { encoding: "utf8" });
  return status === 0 ? "" : stderr || `status ${status}`;
}

it("the compiler accepts the code blocks of all documents", { timeout: 120_000 }, () => {
  expect(typeErrors(documents().flatMap(programsOf))).toEqual([]);
});

/** Lines of a document's programs that state a result. */
function statedIn(document: string): number {
  const code = programsOf(document).flatMap(({ files }) => [...files.values()]);
  return code.join("\n").split(" // → ").length - 1;
}

it("finds the README's program, and results that the documents state", () => {
  expect(programsOf("README.md").length).toBeGreaterThan(0);
  expect(statedIn("README.md")).toBeGreaterThan(0);
  expect(statedIn("docs/operations.md")).toBeGreaterThan(50);
});

describe.each(documents())("%s", (document) => {
  const blocks = blocksOf(document);
  const programs = programsOf(document);

  if (programs.length > 0) {
    it("has code blocks that run, with the results they state", () => {
      for (const program of programs) expect(run(program)).toBe("");
    });
  }

  it("states results where they are compared, behind an expression on a line of its own", () => {
    for (const { files, line } of programs) {
      for (const code of files.values()) expect(withChecks(code, document), `line ${line}`).not.toContain("// →");
    }
  });

  it("has no block in a language that nobody runs or knows", () => {
    for (const { language, line } of blocks) {
      expect(["ts", "js", ...SHOWN], `line ${line}`).toContain(language);
    }
  });

  it("says of a block that runs elsewhere which test runs it", () => {
    for (const { words, line } of blocks) {
      const where = words.find((word) => word.startsWith("in="))?.slice(3);
      if (where !== undefined) expect(existsSync(where), `line ${line}: ${where}`).toBe(true);
    }
  });

  it("names only npm scripts that there are", () => {
    const text = readFileSync(document, "utf8");
    for (const [, name] of text.matchAll(/npm run ([\w:-]+)/g)) expect(Object.keys(scripts)).toContain(name);
  });
});
