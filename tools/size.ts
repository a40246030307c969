/**
 * What each entry of the package costs a page: bundled and minified by esbuild, then gzipped.
 *
 *   npm run size              the table; exits with 1 where an entry is above its budget
 *   npm run size -- --files   also the largest files of the default import
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { build, type Plugin } from "esbuild";

interface Budget {
  /** Gzipped bytes that CI holds. */
  readonly limit: number;
  /** What it is meant to come down to. */
  readonly goal?: number;
}

const DIST = fileURLToPath(new URL("../../../dist/", import.meta.url));
const LIB = fileURLToPath(new URL("../src/", import.meta.url));
const { values } = parseArgs({ options: { files: { type: "boolean", default: false } } });

const BUDGETS: Readonly<Record<string, Budget>> = {
  xentropy: { limit: 61_900, goal: 30_000 },
  "xentropy in workerd": { limit: 63_800, goal: 30_000 },
  "xentropy/reference": { limit: 6_900 },
  "xentropy/check, beside xentropy": { limit: 11_100 },
  "relaxed, when asked for": { limit: 18_500 },
  "threads, when asked for": { limit: 28_400 },
};

/** Leaves binaries that are imported as modules out of the bundle, and sums them up. */
function binariesApart(found: Map<string, number>): Plugin {
  return {
    name: "binaries",
    setup({ onResolve }) {
      onResolve({ filter: /\.wasm(\?module)?$/ }, ({ path, kind }) => {
        const file = path.replace(/^.*\/|\?module$/g, "");
        if (kind === "import-statement") found.set(file, gzip(readFileSync(`${DIST}${file}`)));
        return { path, external: true };
      });
    },
  };
}

function gzip(bytes: Uint8Array): number {
  return gzipSync(bytes, { level: 9 }).length;
}

interface Cost {
  readonly minified: number;
  readonly gzipped: number;
  /** Minified bytes by file. */
  readonly files: ReadonlyMap<string, number>;
}

/** What an import statement costs: its chunk and all that this imports, but for what is imported dynamically. */
async function cost(source: string, external: readonly string[] = []): Promise<Cost> {
  const binaries = new Map<string, number>();
  const { outputFiles, metafile } = await build({
    stdin: { contents: source, resolveDir: DIST },
    bundle: true,
    minify: true,
    splitting: true,
    format: "esm",
    target: "es2022",
    outdir: "/",
    write: false,
    metafile: true,
    external: [...external],
    plugins: [binariesApart(binaries)],
    logLevel: "error",
  });
  const { outputs } = metafile;
  const needed = new Set(Object.keys(outputs).filter((name) => outputs[name].entryPoint === "<stdin>"));
  for (const name of needed) {
    for (const { path, kind } of outputs[name].imports)
      if (kind === "import-statement" && outputs[path]) needed.add(path);
  }
  const nameOf = (path: string) => path.replace(/^.*\//, "");
  const names = [...needed].map(nameOf);
  const chunks = outputFiles.filter(({ path }) => names.includes(nameOf(path)));
  const apart = [...binaries.values()].reduce((sum, bytes) => sum + bytes, 0);
  const inputs = [...needed].flatMap((name) => Object.entries(outputs[name].inputs));
  return {
    minified: chunks.reduce((sum, { contents }) => sum + contents.length, apart),
    gzipped: chunks.reduce((sum, { contents }) => sum + gzip(contents), apart),
    files: new Map(inputs.map(([path, { bytesInOutput }]) => [path, bytesInOutput])),
  };
}

const kB = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB`.padStart(9);

function row(name: string, { minified, gzipped }: Cost | { minified: number; gzipped: number }): boolean {
  const { limit, goal } = BUDGETS[name] ?? {};
  const over = limit !== undefined && gzipped > limit;
  const budget = limit === undefined ? "" : `  of ${kB(limit)}${over ? "  OVER" : ""}`;
  console.log(
    `${name.padEnd(34)}${kB(minified)}${kB(gzipped)}${budget}${goal && gzipped > goal ? `  goal${kB(goal)}` : ""}`,
  );
  return over;
}

const whole = await cost('export * from "./index.js"');

/** What an import costs where the default one is there already. */
async function beside(source: string): Promise<{ minified: number; gzipped: number }> {
  const both = await cost(`export * from "./index.js"; ${source}`);
  return { minified: both.minified - whole.minified, gzipped: both.gzipped - whole.gzipped };
}

const costs: Record<string, Cost | { minified: number; gzipped: number }> = {
  xentropy: whole,
  "xentropy in workerd": await cost('export * from "./entries/workerd.js"'),
  "xentropy/reference": await cost('export * from "./reference/index.js"'),
  "xentropy/check, beside xentropy": await beside('export * from "./check.js"'),
  "relaxed, when asked for": await beside('export * from "./generated/relaxed.js"'),
  "threads, when asked for": await beside(
    'export * from "./threads/index.js"; export * from "./threads/worker.js"; export * from "./generated/simd-shared.js"',
  ),
};

console.log(`${"entry".padEnd(34)} minified  gzipped`);
const over = Object.entries(costs).filter(([name, entry]) => row(name, entry)).length;

console.log("\nof the default import");
row("the simd binary, embedded", await cost(`export * from "${LIB}generated/simd.js"`));
row("the js backend", await cost(`export * from "${LIB}backend/js/index.js"`));
row("@assemblyscript/loader", await cost('export * from "@assemblyscript/loader"'));
row(
  "the rest: operations, batches, load",
  await cost(`export * from "${LIB}index.js"`, [
    "../generated/simd.js",
    "./backend/js/index.js",
    "@assemblyscript/loader",
  ]),
);

const pack = ["pack", "--dry-run", "--json", "--ignore-scripts", "--loglevel=error"];
const [{ size, unpackedSize, entryCount }] = JSON.parse(execFileSync("npm", pack, { encoding: "utf8" }));
console.log(`\nto install: ${entryCount} files, ${kB(size).trim()} packed, ${kB(unpackedSize).trim()} unpacked`);

if (values.files) {
  const { files: byFile } = await cost(`export * from "${LIB}index.js"`);
  const files = [...byFile].sort(([, a], [, b]) => b - a).slice(0, 40);
  for (const [path, bytes] of files)
    console.log(`  ${path.replace(/^.*?build\/programs\/src\//, "").padEnd(40)}${kB(bytes)}`);
}
process.exitCode = over > 0 ? 1 : 0;
