// The benchmark in a page: a server on the loopback interface, and a headless browser that opens it, runs, and posts its
// record back.

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, launch } from "../tools/support/browsers.js";
import { hardware } from "./machine.js";
import type { Options } from "./options.js";
import type { RunRecord } from "./record.js";
import { ROOT } from "./root.js";

/** Milliseconds after which a part is given up. */
export const LONGEST = 300_000;

const TYPES: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".wasm": "application/wasm",
};

const PAGE = `<!doctype html><meta charset="utf-8"><title>bench</title>
<script type="importmap">{"imports": {
  "xentropy": "/dist/index.js",
  "xentropy/reference": "/dist/reference/index.js",
  "tinybench": "/node_modules/tinybench/dist/index.js"
}}</script>
<script type="module" src="/build/programs/bench/page.js"></script>`;

/** Firefox's clock goes by steps of 20 microseconds, on an isolated page too, unless both are off. */
const PREFERENCES = ["privacy.reduceTimerPrecision", "privacy.reduceTimerPrecision.unconditional"]
  .map((name) => `user_pref("${name}", false);\n`)
  .join("");

export async function runInBrowser(name: Browser, path: string, options: Options): Promise<RunRecord> {
  const { promise, resolve, reject } = withResolvers<RunRecord>();
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    // Isolation from other origins gives the page a clock of 5 microseconds instead of 100.
    response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
    response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
    if (request.method === "POST") {
      const { record, error } = JSON.parse(await bodyOf(request));
      response.end();
      if (error) reject(new Error(`${name} failed: ${error}`));
      else resolve(record);
    } else if (pathname === "/") {
      response.setHeader("Content-Type", "text/html").end(PAGE);
    } else if (pathname === "/options.json") {
      response.end(JSON.stringify({ options, hardware: hardware() }));
    } else {
      const file = join(fileURLToPath(ROOT), pathname);
      if (!existsSync(file)) response.writeHead(404).end();
      else response.setHeader("Content-Type", TYPES[extname(file)] ?? "text/plain").end(readFileSync(file));
    }
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  const profile = mkdtempSync(join(tmpdir(), "bench-browser-"));
  if (name === "Firefox") writeFileSync(join(profile, "user.js"), PREFERENCES);
  const { command, args, env } = launch(name, path, profile, `http://127.0.0.1:${port}/`);
  const browser = spawn(command, args, { env, stdio: "ignore" });
  const late = setTimeout(() => reject(new Error(`${name} took too long.`)), LONGEST);
  const gone = new Promise<void>((exited) => browser.once("exit", exited));
  browser.once("error", reject);
  gone.then(() => reject(new Error(`${name} ended before the benchmark did.`)));
  try {
    return await promise;
  } finally {
    clearTimeout(late);
    browser.kill("SIGKILL");
    await gone;
    server.closeAllConnections();
    server.close();
    // Its helpers end a moment later, and may still write.
    await rm(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }).catch(() => {});
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

/** Promise.withResolvers, which Node 20 lacks. */
function withResolvers<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (reason: Error) => void = () => {};
  const promise = new Promise<T>((fulfil, refuse) => {
    resolve = fulfil;
    reject = refuse;
  });
  return { promise, resolve, reject };
}
