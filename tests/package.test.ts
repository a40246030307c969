import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { expect, it } from "vitest";

/** What a program prints on the built package, bundled and minified as for a page. */
async function minified(program: string): Promise<unknown> {
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: fileURLToPath(new URL("../dist", import.meta.url)) },
    bundle: true,
    minify: true,
    format: "esm",
    write: false,
    external: ["node:*"],
    outdir: "/",
  });
  return (await import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`)).default;
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
