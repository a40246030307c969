import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";
import { type BuildOptions, build, type Plugin } from "esbuild";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const DIST = fileURLToPath(new URL("../dist", import.meta.url));

/** A program on the built package, bundled; by default one that gives all of it. */
async function bundled(options: BuildOptions, program = 'export * from "./index.js";'): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: DIST },
    bundle: true,
    logLevel: "error",
    ...options,
    write: false,
  });
  return outputFiles[0].text;
}

/** What a program gives, bundled and minified as for a page. */
async function minified(program: string): Promise<unknown> {
  const text = await bundled({ minify: true, format: "esm", external: ["node:*"], outdir: "/" }, program);
  return (await import(`data:text/javascript,${encodeURIComponent(text)}`)).default;
}

it("errors have their names in a minified bundle", async () => {
  const names = await minified(`
    import { loadSync, WorkerLostError, XentropyError } from "./index.js";
    const nameOf = (call) => { try { call(); } catch (error) { return [error.name, error instanceof XentropyError]; } };
    const k = loadSync();
    export default [
      nameOf(() => k.softmax(new Float32Array(3), { shape: [2, 2] })),
      nameOf(() => k.softmax(new Float32Array(3), { axes: 1 })),
      new WorkerLostError("").name,
      String(new WorkerLostError("gone")),
    ];`);
  expect(names).toEqual([["ShapeError", true], ["OptionError", true], "WorkerLostError", "WorkerLostError: gone"]);
});

it("what the package gives is of classes with their names", async () => {
  const { loadSync } = await import("../dist/index.js" as string);
  const k = loadSync();
  const things = [k, k.alloc([1]), k.logSumExpState(1)];
  expect(things.map((thing) => thing.constructor.name)).toEqual(["Xentropy", "ResidentBatch", "LogSumExpState"]);
});

describe("where there is nothing but ECMAScript and WebAssembly, as in audio worklets", async () => {
  const realm = createContext();
  runInContext(await bundled({ format: "iife", globalName: "xentropy" }), realm);
  const { load, loadSync } = realm.xentropy as typeof import("../src/index.js");
  const x = Float32Array.of(1, 2, 3);
  const wanted = Array.from((await import("../src/index.js")).loadSync().softmax(x));

  it("there is indeed nothing", () => {
    for (const name of ["TextDecoder", "TextEncoder", "atob", "setTimeout", "URL", "performance"])
      expect(runInContext(`typeof ${name}`, realm)).toBe("undefined");
  });

  it.each(["simd", "js"] as const)("%s loads, and gives the same bits", async (backend) => {
    for (const k of [await load({ backend }), loadSync({ backend })]) expect(Array.from(k.softmax(x))).toEqual(wanted);
  });

  it("the default is simd", async () => {
    for (const k of [await load(), loadSync()]) expect(k.backend).toBe("simd");
  });
});

it.each(["simd", "js"] as const)(
  "%s looks up no global of the language in a call: Jest's contexts are slow there",
  async (backend) => {
    const realm = createContext();
    runInContext(await bundled({ format: "iife", globalName: "xentropy" }), realm);
    const k = (realm.xentropy as typeof import("../src/index.js")).loadSync({ backend });
    const { Float32Array: Floats, Int32Array: Integers } = runInContext("({ Float32Array, Int32Array })", realm);
    const x = Floats.of(1, 2, 3, 4, 5, 6);
    const labels = Integers.of(1, 2);
    const calls = () => {
      const p = k.softmax(x, { shape: [2, 3] });
      const options = { shape: [2, 3], temperature: 2 };
      return [
        p,
        k.logSumExp(x, options),
        k.softmaxCrossEntropy(x, labels, { shape: [2, 3], grad: true }).grad,
        k.softmaxCrossEntropy(x, labels, { ...options, labelSmoothing: 0.1, grad: true }).grad,
        k.klDivergence(p, k.softmax(x, options), { shape: [2, 3] }),
        k.sigmoidCrossEntropy(x, p, { grad: true }).grad,
        k.sigmoidFocalLoss(x, p, { reduction: "none" }).loss,
        k.topK(x, 2, { shape: [2, 3] }).values,
        k.argmax(x, { shape: [2, 3] }),
        k.logSumExp(x, { shape: [1, 2, 3], axis: [0, 2] }),
        k.logSumExpState(2).add(x).value(),
      ].map((result) => Array.from(result as ArrayLike<number>));
    };
    const before = calls();
    for (const name of [
      "Array",
      "ArrayBuffer",
      "Float32Array",
      "Float64Array",
      "Int32Array",
      "Math",
      "Number",
      "Object",
      "Set",
    ]) {
      const get = () => {
        throw new Error(`${name} was looked up.`);
      };
      Object.defineProperty(runInContext("globalThis", realm), name, { get });
    }
    expect(calls()).toEqual(before);
  },
);

/** Chromium's words for it. */
const refusal: Plugin = {
  name: "refusal",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /./ }, ({ kind }) =>
      kind === "dynamic-import" ? { path: "refused", namespace: "refused" } : undefined,
    );
    onLoad({ filter: /./, namespace: "refused" }, () => ({
      contents: 'throw new TypeError("import() is disallowed on ServiceWorkerGlobalScope by the HTML specification.");',
    }));
  },
};

describe("where nothing can be imported later, as in service workers", async () => {
  const url = `data:text/javascript,${encodeURIComponent(await bundled({ format: "esm", plugins: [refusal] }))}`;
  const { load } = (await import(url)) as typeof import("../src/index.js");

  it('threads "auto" are one, and the backend is simd all the same', async () => {
    const k = await load({ threads: "auto" });
    expect([k.backend, k.threads]).toEqual(["simd", 1]);
  });

  it.each([
    [{ threads: 2 }, "Threads"],
    [{ backend: "relaxed" }, 'The backend "relaxed"'],
    [{ backend: "relaxed", threads: 2 }, "Threads"],
  ] as const)("an error says in a sentence what can't be had of %j", async (options, what) => {
    const why = "import() is disallowed on ServiceWorkerGlobalScope by the HTML specification";
    await expect(load(options)).rejects.toMatchObject({ code: "BACKEND", message: `${what} can't be had: ${why}.` });
  });
});

it('a bundle that isn\'t an ES module says what threads lack there, and "auto" is one', async () => {
  const text = await bundled({ format: "cjs", platform: "node" });
  const module = { exports: {} as typeof import("../src/index.js") };
  new Function("module", "require", text)(module, createRequire(import.meta.url));
  const { load } = module.exports;
  await expect(load({ threads: 2 })).rejects.toMatchObject({
    code: "BACKEND",
    message: expect.stringContaining("import.meta.url"),
  });
  expect((await load({ threads: "auto" })).threads).toBe(1);
});

it("compiled to CommonJS, file by file as Jest does it, it computes", async () => {
  const folder = await mkdtemp(join(tmpdir(), "xentropy-"));
  try {
    await writeFile(join(folder, "package.json"), '{ "type": "commonjs" }');
    for (const file of (await readdir(DIST, { recursive: true })).filter((name) => name.endsWith(".js"))) {
      const { outputText } = ts.transpileModule(await readFile(join(DIST, file), "utf8"), {
        compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
      });
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFile(join(folder, file), outputText);
    }
    const require = createRequire(join(folder, "index.js"));
    const { load, loadSync } = require("./index.js") as typeof import("../src/index.js");
    const { softmax } = require("./reference/index.js") as typeof import("../src/reference/index.js");
    const { checked } = require("./check.js") as typeof import("../src/check.js");
    const x = Float32Array.of(1, 2, 3);
    for (const backend of ["simd", "js"] as const) {
      for (const k of [loadSync({ backend }), await load({ backend })])
        expect(checked(k).softmax(x)).toEqual(Float32Array.from(softmax(x)));
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});

it("bundlers that know no exports find the entry and its types", async () => {
  const { main, types, exports } = (await import("../package.json", { with: { type: "json" } })).default;
  expect({ main, types }).toEqual({ main: exports["."].default, types: exports["."].types });
});

it("the entry for the edge brings nothing along that Next.js refuses or runs at once there", async () => {
  const { metafile, outputFiles } = await build({
    entryPoints: [`${DIST}/entries/edge-light.js`],
    bundle: true,
    format: "esm",
    external: ["*?module"],
    minifyWhitespace: true,
    metafile: true,
    write: false,
    outdir: "/",
  });
  // Code compiled later, workers and their addresses (which webpack makes of `document`), binaries that Node 20 refuses.
  expect(outputFiles[0].text).not.toMatch(
    /WebAssembly\.compile|\beval\(|new Function|import\.meta|Worker\(|import\(|relaxed\.wasm/,
  );
  expect(Object.values(metafile.outputs)[0].imports.map(({ path }) => path)).toEqual(["../simd.wasm?module"]);
});

it("the entry for React Native has nothing that Metro refuses, no binary, and the js backend", async () => {
  const { outputFiles } = await build({
    entryPoints: [`${DIST}/entries/react-native.js`],
    bundle: true,
    format: "esm",
    minify: true,
    write: false,
    outdir: "/",
  });
  const { text } = outputFiles[0];
  expect(text).not.toMatch(/import\(|import\.meta/);
  expect(text.length).toBeLessThan(120_000);
  const { load, loadSync } = (await import(
    `data:text/javascript,${encodeURIComponent(text)}`
  )) as typeof import("../src/index.js");
  for (const k of [await load(), await load({ threads: "auto" }), loadSync()]) expect(k.backend).toBe("js");
  await expect(load({ backend: "simd" })).rejects.toMatchObject({ code: "BACKEND" });
});

it("private fields may be properties, as Babel makes them in loose mode, React Native's", async () => {
  const { outputFiles } = await build({
    entryPoints: [`${DIST}/entries/react-native.js`],
    bundle: true,
    format: "esm",
    write: false,
    outdir: "/",
  });
  const text = outputFiles[0].text.replace(/#(\w+) in /g, '"__$1" in ').replace(/(?<=[\s.])#(?=[a-z])/g, "__");
  expect(text).not.toMatch(/\.#/);
  const { loadSync } = (await import(
    `data:text/javascript,${encodeURIComponent(text)}`
  )) as typeof import("../src/index.js");
  const k = loadSync();
  const z = k.alloc([2, 2]).set([1, 2, 3, 4]);
  expect(z.data).toEqual(Float32Array.of(1, 2, 3, 4));
  expect(z.rows(1, 2).toArray()).toEqual(Float32Array.of(3, 4));
  expect(k.softmax(z)).toEqual(k.softmax(Float32Array.of(1, 2, 3, 4), { shape: [2, 2] }));
});

it("no declaration that is published needs TypeScript 5.7, where typed arrays became generic", async () => {
  const files = (await readdir(DIST, { recursive: true })).filter((file) => file.endsWith(".d.ts"));
  expect(files).toContain("index.d.ts");
  for (const file of files) expect(await readFile(`${DIST}/${file}`, "utf8"), file).not.toMatch(/\d+Array</);
});
