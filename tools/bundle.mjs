/**
 * Makes the files that are published of those that tsc wrote to build/programs/src: code bundled, so that an import reads a
 * handful of files instead of eighty, and the declarations of the entries. `npm run build` runs it. By rolldown, since it leaves
 * constants what they are: esbuild makes each a `var`, whose value V8 doesn't count on, and small calls take a tenth longer.
 *
 * Nothing is minified, for stack traces and for readers; who bundles a page minifies it.
 */
import { copyFileSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { rolldown } from "rolldown";

const LIB = "build/programs/src";
const DIST = "dist";

/** What is imported from outside, or by its place: each keeps its path. */
const ENTRIES = [
  "index",
  "check",
  "reference/index",
  "entries/workerd",
  "entries/edge-light",
  "entries/react-native",
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
  transform(code, id) {
    return /[\\/]threads[\\/]index\.js$/.test(id) ? `${code}\nexport { loadFrom } from "../load.js";` : undefined;
  },
};

/**
 * AssemblyScript's loader, in a form that can be imported everywhere. As it is published it makes a TextDecoder, which audio
 * worklets and Jest's jsdom don't have, for texts of `abort`, which it reads without where that fails; and it sets
 * Object.hasOwn, which frozen built-ins refuse.
 */
const loaderAnywhere = {
  name: "loader anywhere",
  transform(code, id) {
    if (!/[\\/]@assemblyscript[\\/]loader[\\/]index\.js$/.test(id)) return undefined;
    const { version, license } = JSON.parse(readFileSync(join(dirname(id), "package.json"), "utf8"));
    const replace = (text, other) => {
      if (code.split(text).length !== 2) throw new Error(`The loader has not one "${text}".`);
      code = code.replace(text, other);
    };
    replace('new TextDecoder("utf-16le", { fatal: true })', "undefined");
    replace("/** polyfill for Object.hasOwn */\nObject.hasOwn = Object.hasOwn || function", "const hasOwn = function");
    const notice = `@assemblyscript/loader ${version}, ${license} (LICENSE-loader), changed: no TextDecoder, no polyfill`;
    return `/** ${notice} */\n${code.replaceAll("Object.hasOwn(", "hasOwn(")}`;
  },
};

const GLOBALS = [
  "Array",
  "ArrayBuffer",
  "Float32Array",
  "Float64Array",
  "Infinity",
  "Int32Array",
  "Math",
  "NaN",
  "Number",
  "Set",
];

/**
 * Another name for Object, which can't be a constant of its own name: what compiles a chunk to CommonJS, as Babel does for
 * Jest, puts `Object.defineProperty(exports, …)` above all constants, where they can't be read yet.
 */
const OBJECT = "GlobalObject";

/**
 * The language's own globals as constants of each chunk. In the contexts of node:vm, in which Jest runs tests, V8 asks the host
 * at each mention of a global, even in optimised code: loops of the js backend took ten times as long there.
 */
const globalsAsConstants = {
  name: "globals as constants",
  renderChunk(code) {
    const used = [...GLOBALS, OBJECT].filter((name) => new RegExp(`(?<![\\w.])${name}\\b`).test(code));
    if (used.length === 0) return undefined;
    const names = used.map((name) => (name === OBJECT ? `Object: ${OBJECT}` : name)).join(", ");
    const start = code.startsWith("#!") ? code.indexOf("\n") + 1 : 0;
    return `${code.slice(0, start)}const { ${names} } = globalThis;\n${code.slice(start)}`;
  },
};

rmSync(DIST, { recursive: true, force: true });
const bundle = await rolldown({
  input: Object.fromEntries(ENTRIES.map((entry) => [entry, `${LIB}/${entry}.js`])),
  external: [/^node:/, /\.wasm(\?module)?$/],
  platform: "neutral",
  // No file does anything when it is imported ("sideEffects" in package.json).
  treeshake: { moduleSideEffects: false },
  transform: { define: { Object: OBJECT } },
  plugins: [threadsBesideLoad, loaderAnywhere, globalsAsConstants],
});
await bundle.write({
  dir: DIST,
  format: "esm",
  entryFileNames: "[name].js",
  chunkFileNames: "chunks/[name]-[hash].js",
  minify: false,
});
await bundle.close();
for (const file of ["LICENSE", "NOTICE"]) copyFileSync(`node_modules/assemblyscript/${file}`, `${DIST}/${file}-loader`);
for (const entry of TYPED) copyTypes(`${LIB}/${entry}.d.ts`);
for (const name of ["simd", "relaxed", "simd-shared", "relaxed-shared"]) {
  copyFileSync(`build/${name}.wasm`, `${DIST}/${name}.wasm`);
}
