// The same benchmark on other engines: those that build/engines has, and the installed browsers. One after the other, operation by
// operation; what each measured is put together again. side-by-side.ts compares them with each other.

import { execFile, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, COMMANDS, findBrowser } from "../tools/support/browsers.js";
import { LONGEST, runInBrowser } from "./browsers.js";
import { casesOf } from "./cases.js";
import type { Options } from "./options.js";
import { Parts } from "./progress.js";
import { merge, type RunRecord } from "./record.js";

const FOLDER = fileURLToPath(new URL("../../engines/", import.meta.url));
const MAIN = fileURLToPath(new URL("./main.js", import.meta.url));
const MODULES = join(FOLDER, "node_modules");

export interface Engine {
  readonly name: string;
  /** Why it can't run here, if it can't. */
  readonly missing?: string;
  readonly run: (options: Options) => Promise<RunRecord>;
}

/** Node's versions by the name of their packages: one for each platform, with the binary in it. */
const NODES = [20, 24, 26].map((version) => ({
  version,
  alias: `node${version}`,
  npm: `npm:node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}@${version}`,
}));

/** Puts Node, Deno and Bun into build/engines. Browsers are the system's. */
export function installEngines(): void {
  mkdirSync(FOLDER, { recursive: true });
  const dependencies = {
    ...Object.fromEntries(NODES.map(({ alias, npm }) => [alias, npm])),
    deno: "^2.9.6",
    bun: "^1.4.5",
  };
  writeFileSync(join(FOLDER, "package.json"), JSON.stringify({ private: true, dependencies }));
  const { status } = spawnSync("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund"], {
    cwd: FOLDER,
    stdio: ["ignore", 2, 2],
  });
  if (status !== 0) throw new Error("Not every engine could be installed; see above.");
}

export function enginesInstalled(): boolean {
  return existsSync(MODULES);
}

/** All that are asked for, whether they are there or not. */
export function engines(): Engine[] {
  const nodes = NODES.map(({ version, alias }) => {
    const own =
      Number(process.versions.node.split(".")[0]) === version && !process.versions.bun && !process.versions.deno;
    return program(`Node ${version}`, own ? process.execPath : join(MODULES, alias, "bin", "node"), []);
  });
  const deno = program("Deno", packaged("@deno", /-/, "deno"), ["run", "-A"]);
  const bun = program("Bun", packaged("@oven", /^bun-[a-z]+-[a-z0-9]+$/, join("bin", "bun")), []);
  return [...nodes, deno, bun, browser("Chromium"), browser("Firefox")];
}

function browser(name: Browser): Engine {
  const path = findBrowser(name);
  const commands = COMMANDS[name];
  return {
    name,
    ...(path === undefined && {
      missing: `no ${commands.join(", ")} in PATH (Debian: apt-get install ${commands[0]})`,
    }),
    run: (options) => runInBrowser(name, path as string, options),
  };
}

/** The binary in the one of a scope's packages that was installed for this platform. */
function packaged(scope: string, name: RegExp, binary: string): string {
  const folder = join(MODULES, scope);
  const found = existsSync(folder) ? readdirSync(folder).filter((entry) => name.test(entry)) : [];
  return found.map((entry) => join(folder, entry, binary)).find((path) => existsSync(path)) ?? join(folder, binary);
}

function program(name: string, path: string, before: readonly string[]): Engine {
  return {
    name,
    ...(!existsSync(path) && { missing: "not in build/engines; npm run bench:engines installs it" }),
    run: async (options) => {
      const folder = mkdtempSync(join(tmpdir(), "bench-"));
      try {
        const json = join(folder, "record.json");
        const args = [...before, MAIN, ...argumentsOf(options), "--json", json];
        await finished(path, args);
        return JSON.parse(readFileSync(json, "utf8")).records[0];
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}

/** Runs a program to its end. */
function finished(path: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(path, args, { timeout: LONGEST, maxBuffer: 2 ** 26 }, (error, _, stderr) => {
      if (error) reject(new Error(lastLine(stderr) || error.signal || error.message));
      else resolve();
    });
  });
}

/** Of an error's output: its message, not its stack. */
function lastLine(output: string): string {
  const lines = output.split("\n").filter((line) => line.trim() && !/^\s+at |^Node\.js v/.test(line));
  return lines.find((line) => /Error/.test(line)) ?? lines[lines.length - 1] ?? "";
}

function argumentsOf(options: Options): string[] {
  const { operations, shapes, spreads, backends, placements, quick, limit, peers, turns } = options;
  const each = (flag: string, values: readonly string[] | undefined) =>
    (values ?? []).flatMap((value) => [flag, value]);
  return [
    ...each("--op", operations),
    ...each("--shape", shapes),
    ...each("--logits", spreads),
    ...each("--backend", backends),
    ...each("--placement", placements),
    ...(quick ? ["--quick"] : []),
    ...(limit ? [] : ["--no-limit"]),
    ...(peers ? ["--peers"] : []),
    ...(turns ? ["--turns", turns] : []),
  ];
}

/** Engines that the targets are about; the others are only compared with them side by side. */
const FULL = ["Node 20", "Node 24"];

/** Runs every engine that is there. What fails is said, and left out. */
export async function runEngines(options: Options): Promise<RunRecord[]> {
  const all = engines();
  for (const { name, missing } of all) if (missing) console.error(`Not run: ${name}: ${missing}`);
  const there = all.filter(({ name, missing }) => missing === undefined && (!options.targets || FULL.includes(name)));
  const names = [...new Set(casesOf(options).map(({ operation }) => operation.name))];
  const records = new Map<string, RunRecord[]>(there.map(({ name }) => [name, []]));
  const parts = new Parts(names.length * there.length);
  for (const operation of names) {
    for (const engine of there) {
      parts.begin(`${operation} on ${engine.name}`);
      // The libraries of bench/peers are driven in Node alone.
      const peers = options.peers && engine.name.startsWith("Node");
      const record = await runPart(engine, { ...options, peers, operations: [operation] }, (why) =>
        parts.warn(`${operation} on ${engine.name}: ${why}`),
      );
      if (record) records.get(engine.name)?.push(record);
    }
  }
  parts.end();
  return merge([...records.values()].flat());
}

/** A library that ends the process costs its own figures, not ours: the part is run again without any. */
export async function runPart(
  engine: Engine,
  options: Options,
  warn: (why: string) => void,
): Promise<RunRecord | undefined> {
  try {
    return await engine.run(options);
  } catch (error) {
    const { message } = error as Error;
    if (!options.peers) {
      warn(`left out: ${message}`);
      return undefined;
    }
    warn(`again without other libraries: ${message}`);
    const record = await runPart(engine, { ...options, peers: false }, warn);
    const what = `other libraries: ${options.operations?.join(", ")}`;
    return record && { ...record, missing: { ...record.missing, [what]: message } };
  }
}
