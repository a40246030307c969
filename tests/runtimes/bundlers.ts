import { APP, importTool } from "./folders.js";

/** Each bundler at its defaults as far as it has some: one entry in, ECMAScript modules out. */

interface Bundler {
  readonly name: string;
  /** Bundles APP/main.js and gives the path of the entry in APP. */
  bundle(): Promise<string>;
}

const ENTRY = `${APP}/main.js`;

/** The workers' file, for bundlers that don't find it by themselves: an entry of its own, beside the other. */
const WORKER = `${APP}/node_modules/xentropy/dist/threads/worker.js`;

async function withEsbuild(): Promise<string> {
  const { build } = await importTool("esbuild");
  await build({
    absWorkingDir: APP,
    entryPoints: { main: "main.js", worker: WORKER },
    outdir: "bundles/esbuild",
    bundle: true,
    minify: true,
    splitting: true,
    format: "esm",
    logLevel: "error",
  });
  return "bundles/esbuild/main.js";
}

async function withRollup(): Promise<string> {
  const { rollup } = await importTool("rollup");
  const { nodeResolve } = await importTool("@rollup/plugin-node-resolve");
  const bundle = await rollup({ input: { main: ENTRY, worker: WORKER }, plugins: [nodeResolve()] });
  await bundle.write({ dir: `${APP}/bundles/rollup`, format: "es" });
  await bundle.close();
  return "bundles/rollup/main.js";
}

async function withVite(): Promise<string> {
  const { build } = await importTool("vite");
  await build({
    root: APP,
    base: "./",
    configFile: false,
    logLevel: "error",
    build: {
      outDir: "bundles/vite",
      modulePreload: false,
      rollupOptions: { input: ENTRY, output: { entryFileNames: "main.js" } },
    },
  });
  return "bundles/vite/main.js";
}

async function withWebpack(): Promise<string> {
  const { default: webpack } = await importTool("webpack");
  const compiler = webpack({
    mode: "production",
    context: APP,
    entry: "./main.js",
    target: "es2022",
    experiments: { outputModule: true },
    output: { path: `${APP}/bundles/webpack`, filename: "main.js", module: true, chunkFormat: "module" },
    performance: { hints: false },
  });
  await new Promise<void>((resolve, reject) => {
    // biome-ignore lint/suspicious/noExplicitAny: webpack's types are not installed with the project
    compiler.run((error: Error | null, stats: any) => {
      if (error) reject(error);
      else if (stats.hasErrors() || stats.hasWarnings())
        reject(new Error(stats.toString({ all: false, errors: true, warnings: true })));
      else compiler.close(() => resolve());
    });
  });
  return "bundles/webpack/main.js";
}

export const BUNDLERS: readonly Bundler[] = [
  { name: "Vite", bundle: withVite },
  { name: "webpack", bundle: withWebpack },
  { name: "esbuild", bundle: withEsbuild },
  { name: "Rollup", bundle: withRollup },
];

/** Builds examples/vite as a user would; gives the folder of the page in APP. */
export async function buildViteExample(): Promise<string> {
  const { build } = await importTool("vite");
  await build({ root: `${APP}/examples/vite`, configFile: false, logLevel: "error", base: "./" });
  return "examples/vite/dist";
}
