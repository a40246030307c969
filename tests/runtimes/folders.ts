import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { arch, platform } from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";

/**
 * The folders that test:runtimes works in, under build/runtimes: `tools` holds the runtimes and bundlers that npm has, and
 * stays; `app` holds the packed package and nothing else of the project, and is made anew each time.
 */

export const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
const TOOLS = `${ROOT}build/runtimes/tools`;
export const APP = `${ROOT}build/runtimes/app`;

const NODE = `${platform === "win32" ? "win" : platform}-${arch}`;

/** Optional, each of them: what can't be had is reported, and the rest runs. */
const WANTED: Readonly<Record<string, string>> = {
  node20: `npm:node-${NODE}@20`,
  node22: `npm:node-${NODE}@22`,
  node24: `npm:node-${NODE}@24`,
  node26: `npm:node-${NODE}@26`,
  deno: "2",
  bun: "1",
  workerd: "1",
  esbuild: "0.28",
  rollup: "4",
  "@rollup/plugin-node-resolve": "16",
  vite: "8",
  webpack: "5",
  // The oldest that docs/runtimes.md names.
  typescript: "5.4",
};

const FLAGS = ["--no-audit", "--no-fund", "--no-package-lock", "--omit-lockfile-registry-resolved", "--loglevel=error"];

function npm(args: readonly string[], cwd: string): string {
  return execFileSync("npm", [...args], { cwd, encoding: "utf8", shell: platform === "win32" });
}

/** Installs the runtimes and bundlers, unless what is wanted is there already. */
export function prepareTools(): void {
  const manifest = JSON.stringify({ private: true, optionalDependencies: WANTED }, null, 2);
  const done = `${TOOLS}/installed.json`;
  if (existsSync(done) && readFileSync(done, "utf8") === manifest) return;
  mkdirSync(TOOLS, { recursive: true });
  writeFileSync(`${TOOLS}/package.json`, manifest);
  try {
    npm(["install", ...FLAGS], TOOLS);
    if (Object.keys(WANTED).every((name) => tool(name))) writeFileSync(done, manifest);
  } catch (error) {
    console.log(`The runtimes and bundlers could not all be installed: ${error}`);
  }
}

/** Packs the package and installs it into an empty folder, beside the programs that use it. */
export function prepareApp(names: readonly string[]): string {
  rmSync(APP, { recursive: true, force: true });
  mkdirSync(APP, { recursive: true });
  const [{ filename }] = JSON.parse(npm(["pack", "--json", "--ignore-scripts", "--pack-destination", APP], ROOT));
  writeFileSync(`${APP}/package.json`, JSON.stringify({ private: true, type: "module" }));
  npm(["install", ...FLAGS, `./${filename}`], APP);

  const programs = `${ROOT}build/programs/tests`;
  cpSync(`${programs}/golden`, `${APP}/golden`, { recursive: true });
  mkdirSync(`${APP}/runtimes`);
  for (const name of ["program.js", "threads.js"]) cpSync(`${programs}/runtimes/${name}`, `${APP}/runtimes/${name}`);
  cpSync(`${ROOT}tests/runtimes/programs`, APP, { recursive: true });
  cpSync(`${ROOT}examples`, `${APP}/examples`, { recursive: true, filter: (path) => !path.includes("mnist") });
  // The page of a browser finds the package beneath its own folder.
  symlinkSync(`${APP}/node_modules`, `${APP}/examples/browser/node_modules`);
  const golden = readFileSync(`${ROOT}tests/golden/golden.json`, "utf8");
  writeFileSync(
    `${APP}/golden.js`,
    `export const golden = ${golden};\nexport const names = ${JSON.stringify(names)};\n`,
  );
  return filename;
}

/** The path of a file of an installed tool; undefined where it isn't. */
export function tool(path: string): string | undefined {
  const file = `${TOOLS}/node_modules/${path}`;
  return existsSync(file) ? file : undefined;
}

/** Imports an installed tool; throws NotAtHand where it isn't. */
// biome-ignore lint/suspicious/noExplicitAny: the bundlers' types are not installed with the project
export async function importTool(name: string): Promise<any> {
  if (!tool(`${name}/package.json`)) throw new NotAtHand(`${name} could not be installed`);
  const entry = createRequire(`${TOOLS}/package.json`).resolve(name);
  return import(pathToFileURL(entry).href);
}

/** What could not be run, and why. */
export class NotAtHand extends Error {}
