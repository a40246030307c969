// npm run size: what each entry of the package costs a page, bundled and minified by esbuild, then gzipped.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, type Plugin } from "esbuild";
import { runTool } from "./support/tool.js";

const USAGE = `Usage: npm run size -- [options]

  The table; status 1 where an entry is above its budget.

  --files   also the largest files of the default import
  --help    this text`;

interface Budget {
  /** Gzipped bytes that CI holds. */
  readonly limit: number;
  /** What it is meant to come down to. */
  readonly goal?: number;
}

const DIST = fileURLToPath(new URL("../../../dist/", import.meta.url));
const LIB = fileURLToPath(new URL("../src/", import.meta.url));

const BUDGETS: Readonly<Record<string, Budget>> = {
  xentropy: { limit: 66_900, goal: 30_000 },
  "xentropy in workerd": { limit: 68_950, goal: 30_000 },
  "xentropy/reference": { limit: 7_250 },
  "xentropy/check, beside xentropy": { limit: 13_000 },
  "relaxed, when asked for": { limit: 20_400 },
  "threads, when asked for": { limit: 29_300 },
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

/** In bytes. */
interface Size {
  readonly minified: number;
  readonly gzipped: number;
}

interface Cost extends Size {
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

function row(name: string, { minified, gzipped }: Size): boolean {
  const { limit, goal } = BUDGETS[name] ?? {};
  const over = limit !== undefined && gzipped > limit;
  const budget = limit === undefined ? "" : `  of ${kB(limit)}${over ? "  OVER" : ""}`;
  console.log(
    `${name.padEnd(34)}${kB(minified)}${kB(gzipped)}${budget}${goal && gzipped > goal ? `  goal${kB(goal)}` : ""}`,
  );
  return over;
}

/** What an import costs where the default one, the whole, is there already. */
async function beside(whole: Cost, source: string): Promise<Size> {
  const both = await cost(`export * from "./index.js"; ${source}`);
  return { minified: both.minified - whole.minified, gzipped: both.gzipped - whole.gzipped };
}

await runTool(USAGE, { files: { type: "boolean", default: false } }, async ({ files }) => {
  const whole = await cost('export * from "./index.js"');

  const costs: Record<string, Size> = {
    xentropy: whole,
    "xentropy in workerd": await cost('export * from "./entries/workerd.js"'),
    "xentropy/reference": await cost('export * from "./reference/index.js"'),
    "xentropy/check, beside xentropy": await beside(whole, 'export * from "./check.js"'),
    "relaxed, when asked for": await beside(whole, 'export * from "./generated/relaxed.js"'),
    "threads, when asked for": await beside(
      whole,
      'export * from "./threads/index.js"; export * from "./threads/worker.js"; export * from "./generated/simd-shared.js"',
    ),
  };

  console.log(`${"entry".padEnd(34)} minified  gzipped`);
  const over = Object.entries(costs).filter(([name, entry]) => row(name, entry)).length;

  console.log("\nof the default import");
  row("the simd binary, embedded", await cost(`export * from "${LIB}generated/simd.js"`));
  row("the js backend", await cost(`export * from "${LIB}backend/js/index.js"`));
  row("@assemblyscript/loader", await cost('export { instantiateSync } from "@assemblyscript/loader"'));
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

  if (files) {
    const { files: byFile } = await cost(`export * from "${LIB}index.js"`);
    const largest = [...byFile].sort(([, a], [, b]) => b - a).slice(0, 40);
    for (const [path, bytes] of largest)
      console.log(`  ${path.replace(/^.*?build\/programs\/src\//, "").padEnd(40)}${kB(bytes)}`);
  }
  return over === 0;
});
