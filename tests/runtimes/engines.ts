import { spawn } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { APP, importTool, NotAtHand, tool } from "./folders.js";
import type { Outcome } from "./program.js";

/** The runtimes of the command line and workerd. */

const LIMIT = 120_000;

/** Runs a command and gives what it printed; throws with its errors where it fails. */
export function run(command: string, args: readonly string[], cwd = APP): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...args], { cwd, timeout: LIMIT, env: { ...process.env, NO_COLOR: "1" } });
    let output = "";
    let errors = "";
    child.stdout.on("data", (data) => (output += data));
    child.stderr.on("data", (data) => (errors += data));
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === 0) resolve(output);
      else reject(new Error(`${command} ended with ${code ?? signal}: ${(errors || output).trim().slice(-2000)}`));
    });
  });
}

/** Runs a program that reports on its console. */
export async function outcomesOf(command: string, args: readonly string[]): Promise<Outcome[]> {
  const output = await run(command, args);
  const line = output.split("\n").find((text) => text.startsWith("OUTCOMES "));
  if (!line) throw new Error(`${command} reported nothing: ${output.slice(-500)}`);
  return JSON.parse(line.slice("OUTCOMES ".length));
}

function needed(path: string, name: string): string {
  const file = tool(path);
  if (!file) throw new NotAtHand(`${name} could not be installed`);
  return file;
}

export const nodeOf = (version: number) => needed(`node${version}/bin/node`, `Node ${version}`);
export const deno = () => needed(".bin/deno", "Deno");
export const bun = () => needed(".bin/bun", "Bun");

/** Deno may read the package's own files, to compile its binaries, and nothing else. */
export const DENO_RUN = ["run", "--no-remote", "--node-modules-dir=manual", "--allow-read=node_modules"];

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

/** Bundles a Worker as wrangler does: esbuild with Cloudflare's conditions, binaries left as modules beside it. */
async function bundleWorker(entry: string, outdir: string, conditions: readonly string[]): Promise<void> {
  const { build } = await importTool("esbuild");
  await build({
    absWorkingDir: APP,
    entryPoints: [entry],
    outfile: `${outdir}/worker.js`,
    bundle: true,
    format: "esm",
    target: "es2022",
    conditions,
    loader: { ".wasm": "copy" },
    logLevel: "error",
  });
}

function configuration(folder: string, port: number): string {
  const binaries = readdirSync(`${APP}/${folder}`).filter((file) => file.endsWith(".wasm"));
  const modules = [
    `(name = "worker.js", esModule = embed "worker.js")`,
    ...binaries.map((file) => `(name = "${file}", wasm = embed "${file}")`),
  ];
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker)],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [${modules.join(", ")}],
  compatibilityDate = "2026-01-01",
);
`;
}

async function whenUp(url: string, ended: () => string | undefined): Promise<void> {
  for (let i = 0; i < 200; i++) {
    const message = ended();
    if (message !== undefined) throw new Error(`workerd ended: ${message}`);
    const up = await fetch(url, { method: "OPTIONS" }).then(
      () => true,
      () => false,
    );
    if (up) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("workerd did not answer in time");
}

/** Serves a Worker on workerd while `use` runs. */
export async function withWorker<T>(
  entry: string,
  folder: string,
  conditions: readonly string[],
  use: (url: string, pid: number) => Promise<T>,
): Promise<T> {
  const workerd = needed(".bin/workerd", "workerd");
  await bundleWorker(entry, folder, conditions);
  const port = await freePort();
  writeFileSync(`${APP}/${folder}/config.capnp`, configuration(folder, port));
  const child = spawn(workerd, ["serve", `${APP}/${folder}/config.capnp`], { stdio: ["ignore", "ignore", "pipe"] });
  let errors = "";
  let ended: string | undefined;
  child.stderr.on("data", (data) => (errors += data));
  child.on("error", (error) => (ended = error.message));
  child.on("exit", (code) => (ended = `${code} ${errors.slice(-2000)}`));
  try {
    const url = `http://127.0.0.1:${port}/`;
    await whenUp(url, () => ended);
    return await use(url, child.pid ?? 0);
  } finally {
    child.kill("SIGKILL");
  }
}

export const WORKERD = ["workerd", "worker", "browser"];

export async function fetchOutcomes(url: string): Promise<Outcome[]> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${response.status}: ${(await response.text()).slice(0, 500)}`);
  return (await response.json()) as Outcome[];
}
