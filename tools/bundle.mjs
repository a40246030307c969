/**
 * Makes the files that are published of those that tsc wrote to build/lib: code bundled by esbuild, so that an import
 * reads a handful of files instead of eighty, and the declarations of the entries. `npm run build` runs it.
 *
 * Nothing is minified, for stack traces and for readers; who bundles a page minifies it.
 */
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { build } from "esbuild";

const LIB = "build/lib";
const DIST = "dist";

/** What is imported from outside, or by its place: each keeps its path. */
const ENTRIES = [
  "index",
  "check",
  "reference/index",
  "entries/workerd",
  "entries/edge-light",
  "cli/main",
  "threads/index",
  "threads/worker",
  "generated/relaxed",
  "generated/simd-shared",
  "generated/relaxed-shared",
];

/** Entries that have types of their own. */
const TYPED = ["index", "check", "reference/index"];

/** Copies a file of declarations and those that it takes types from. */
function copyTypes(file, copied = new Set()) {
  if (copied.has(file)) return;
  copied.add(file);
  const target = join(DIST, relative(LIB, file));
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(file, target);
  for (const [, path] of readFileSync(file, "utf8").matchAll(/(?:from |import\()"(\.[^"]+)\.js"/g)) {
    copyTypes(join(dirname(file), `${path}.d.ts`), copied);
  }
}

/**
 * Threads are imported by what loads them, and use some of its files. Were these a chunk of their own, gzip would find less
 * in each of two files; so threads import the whole, which is there already.
 */
const threadsBesideLoad = {
  name: "threads beside load",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]threads[\\/]index\.js$/ }, ({ path }) => ({
      contents: `${readFileSync(path, "utf8")}\nexport { loadFrom } from "../load.js";`,
    }));
  },
};

rmSync(DIST, { recursive: true, force: true });
const { metafile } = await build({
  entryPoints: ENTRIES.map((entry) => `${LIB}/${entry}.js`),
  outdir: DIST,
  outbase: LIB,
  bundle: true,
  splitting: true,
  chunkNames: "chunks/[name]-[hash]",
  format: "esm",
  target: "es2022",
  external: ["@assemblyscript/loader", "node:*", "*.wasm", "*.wasm?module"],
  metafile: true,
  plugins: [threadsBesideLoad],
  logLevel: "warning",
});
// Imports for their effects, which no file has ("sideEffects" in package.json): other bundlers would warn of them.
for (const file of Object.keys(metafile.outputs)) {
  writeFileSync(file, readFileSync(file, "utf8").replace(/^import "\.[^"]+";\n/gm, ""));
}
for (const entry of TYPED) copyTypes(`${LIB}/${entry}.d.ts`);
for (const name of ["simd", "relaxed", "simd-shared", "relaxed-shared"]) {
  copyFileSync(`build/${name}.wasm`, `${DIST}/${name}.wasm`);
}
