import { readFileSync } from "node:fs";
import { run } from "./engines.js";
import { APP, NotAtHand, ROOT, tool } from "./folders.js";

/** What can be told of the packed package without a runtime: its types, and the entry that can't be run here. */

const MODES = [
  ["node16", "node16"],
  ["nodenext", "nodenext"],
  ["esnext", "bundler"],
] as const;

/** Compiles a program that uses every entry, the package's own declarations included, with a `lib` that has no DOM. */
async function types(compiler: string, module: string, resolution: string, lib: string): Promise<string> {
  const options = ["--module", module, "--moduleResolution", resolution, "--lib", lib];
  await run(process.execPath, [compiler, "-p", ".", ...options]);
  return `every entry, lib ${lib} alone`;
}

/** The same with the oldest TypeScript and the oldest `lib` that are promised. */
function oldestTypes(): Promise<string> {
  const compiler = tool("typescript/bin/tsc");
  if (!compiler) throw new NotAtHand("typescript could not be installed");
  return types(compiler, "nodenext", "nodenext", "es2020");
}

const COMPILER = `${ROOT}node_modules/typescript/bin/tsc`;

export const TYPES: readonly (readonly [string, () => Promise<string>])[] = [
  ...MODES.map(([module, resolution]) => [resolution, () => types(COMPILER, module, resolution, "es2022")] as const),
  ["TypeScript 5.4", oldestTypes],
];

/**
 * The entry for Vercel's Edge runtime: the condition leads to it, and it differs from workerd's by `?module` and in lacking
 * relaxed. tests/package.test.ts looks at what it brings along.
 */
export async function edgeLight(): Promise<string> {
  const dist = `${APP}/node_modules/xentropy`;
  const { exports } = JSON.parse(readFileSync(`${dist}/package.json`, "utf8"));
  const code = (path: string) => readFileSync(`${dist}/${path}`, "utf8").replace(/\/\*[\s\S]*?\*\/|^\/\/.*$/gm, "");
  const edge = code(exports["."]["edge-light"]);
  const count = edge.split("wasm?module").length - 1;
  if (count !== 1) throw new Error(`${count} imports with ?module`);
  const workerd = code(exports["."].workerd).replace(', () => import("../relaxed.wasm")', "");
  if (edge.replaceAll("?module", "") !== workerd) throw new Error("it differs from workerd's entry");
  return "its text only: it can't be run here";
}

const FORBIDDEN = /\beval\(|new Function\(|\bfetch\(|XMLHttpRequest|node:|require\(|process\.|^await /m;

/**
 * No eval, no network, no file system and no top-level await in what an import brings along. Threads, which are imported
 * when they are asked for, need Node's modules.
 */
export async function plain(): Promise<string> {
  const seen = new Set<string>();
  const visit = (file: string) => {
    if (seen.has(file)) return;
    seen.add(file);
    const code = readFileSync(file, "utf8").replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
    const found = FORBIDDEN.exec(code);
    if (found) throw new Error(`${found[0]} in ${file}`);
    for (const [, path] of code.matchAll(/(?:from|import)\s*"(\.[^"]+\.js)"/g))
      visit(new URL(path, `file://${file}`).pathname);
  };
  for (const entry of ["index.js", "check.js", "reference/index.js"])
    visit(`${APP}/node_modules/xentropy/dist/${entry}`);
  return `${seen.size} files`;
}
