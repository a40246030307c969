// The same benchmark on other engines: those that build/engines has, and Debian's Chromium. Engines take turns operation by
// operation, so that a change in the machine's load meets them all; what each measured is put together again.

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CHROMIUM, chromiumPath, runInChromium } from "./chromium.js";
import { operations } from "./operations.js";
import type { Options } from "./options.js";
import { say } from "./progress.js";
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

/** Puts Node, Deno and Bun into build/engines. Chromium is the system's. */
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
  const path = chromiumPath();
  const chromium: Engine = {
    name: "Chromium",
    ...(path === undefined && { missing: `no ${CHROMIUM.join(", ")} in PATH (Debian: apt-get install chromium)` }),
    run: (options) => runInChromium(path as string, options),
  };
  return [...nodes, deno, bun, chromium];
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
        const { status, stderr, error } = spawnSync(path, args, { encoding: "utf8" });
        if (status !== 0) throw new Error(`${name} failed: ${error?.message ?? stderr.trim()}`);
        return JSON.parse(readFileSync(json, "utf8")).records[0];
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}

function argumentsOf({ operations, shapes, spreads, backends, placements, quick, limit, peers }: Options): string[] {
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
  ];
}

/** What an engine is to do: all that was asked for, or with targets no more than they need. */
function scope({ targets }: Options, full: boolean): Partial<Options> {
  if (!targets || full) return {};
  return {
    shapes: ["32x1000", "100000"],
    spreads: ["normal"],
    backends: ["simd"],
    placements: ["resident"],
    limit: false,
  };
}

/** Runs every engine that is there. With targets, all but Node 20 and 24 do only what the comparison of engines needs. */
export async function runEngines(options: Options): Promise<RunRecord[]> {
  const all = engines();
  for (const { name, missing } of all) if (missing) console.error(`Not run: ${name}: ${missing}`);
  const there = all.filter(({ missing }) => missing === undefined);
  const parts = new Map<string, RunRecord[]>(there.map(({ name }) => [name, []]));
  for (const { name: operation } of operations) {
    if (options.operations && !options.operations.includes(operation)) continue;
    for (const engine of there) {
      say(`${operation} on ${engine.name}`);
      const full = !options.targets || engine.name === "Node 20" || engine.name === "Node 24";
      // The libraries of bench/peers are driven in Node alone.
      const peers = options.peers && engine.name.startsWith("Node") && full;
      const part = await engine
        .run({ ...options, ...scope(options, full), peers, operations: [operation] })
        .catch((error: Error) => console.error(`Left out: ${operation} on ${engine.name}: ${error.message}`));
      if (part) parts.get(engine.name)?.push(part);
    }
  }
  say("");
  return merge([...parts.values()].flat());
}
