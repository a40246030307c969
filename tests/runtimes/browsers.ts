import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import { type Browser, CHROMIUM_FLAGS, findBrowser, launch } from "../../tools/support/browsers.js";
import { run } from "./engines.js";
import { APP, NotAtHand } from "./folders.js";
import type { Outcome } from "./program.js";

/**
 * The installed browsers. They need no driver: each page sends its outcomes to the server and goes on to the next.
 */

export interface Page {
  readonly name: string;
  /** Path of the page's script. */
  readonly script: string;
  /** The page's script-src. */
  readonly policy?: string;
  /** Whether the page is cross-origin isolated, as threads need it. */
  readonly isolated?: boolean;
}

const IMPORT_MAP = JSON.stringify({
  imports: {
    xentropy: "/node_modules/xentropy/dist/index.js",
    "xentropy/check": "/node_modules/xentropy/dist/check.js",
  },
});

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".wasm": "application/wasm",
};

const ISOLATION = new Map([
  ["Cross-Origin-Opener-Policy", "same-origin"],
  ["Cross-Origin-Embedder-Policy", "require-corp"],
]);

const LIMIT = 150_000;

/** The browser's file; throws NotAtHand where there is none. */
export function find(browser: Browser): string {
  const file = findBrowser(browser);
  if (!file)
    throw new NotAtHand(
      `${browser}${browser === "WebKit" ? " (or xvfb-run, where there is no screen)" : ""} is not installed`,
    );
  return file;
}

function html({ script, policy }: Page): string {
  const csp = policy ? `<meta http-equiv="Content-Security-Policy" content="script-src ${policy}">` : "";
  const map = `<script type="importmap">${IMPORT_MAP}</script>`;
  return `<!doctype html><meta charset="utf-8">${csp}${map}<script type="module" src="${script}"></script>`;
}

/** Serves the app's files on loopback, the pages by their numbers, and takes the outcomes of each. */
function serve(pages: readonly Page[], taken: (outcomes: Outcome[], next: number) => void): Promise<Server> {
  let current = 0;
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    if (request.method === "POST") {
      let body = "";
      request.on("data", (data) => (body += data));
      request.on("end", () => {
        current++;
        response.end(current < pages.length ? `/page/${current}` : "about:blank");
        taken(JSON.parse(body), current);
      });
      return;
    }
    if (pathname.startsWith("/page/")) {
      const page = pages[Number(pathname.slice(6))];
      response.setHeader("Content-Type", "text/html");
      if (page.isolated) response.setHeaders(ISOLATION);
      response.end(html(page));
      return;
    }
    try {
      const bytes = readFileSync(join(APP, normalize(pathname)));
      response.setHeader("Content-Type", TYPES[extname(pathname)] ?? "application/octet-stream");
      // A worker of an isolated page must come with them too.
      response.setHeaders(ISOLATION);
      response.end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function start(browser: Browser, file: string, profile: string, url: string): ChildProcess {
  const { command, args, env } = launch(browser, file, profile, url);
  return spawn(command, args, { env, stdio: "ignore", detached: true });
}

function end(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    child.kill("SIGKILL");
  }
}

/** Opens the pages one after the other; a page that doesn't report in time has failed, and so have those behind it. */
export async function visit(browser: Browser, pages: readonly Page[]): Promise<Map<string, Outcome[]>> {
  const file = find(browser);
  const reports = new Map<string, Outcome[]>();
  const profile = mkdtempSync(join(tmpdir(), "xentropy-browser-"));
  let server: Server | undefined;
  let child: ChildProcess | undefined;
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      const restart = () => {
        clearTimeout(timer);
        timer = setTimeout(resolve, LIMIT);
      };
      const taken = (outcomes: Outcome[], next: number) => {
        reports.set(pages[next - 1].name, outcomes);
        if (next === pages.length) resolve();
        else restart();
      };
      restart();
      serve(pages, taken).then((started) => {
        server = started;
        child = start(browser, file, profile, `${urlOf(started)}/page/0`);
        child.on("error", reject);
      }, reject);
    });
  } finally {
    clearTimeout(timer);
    if (child) end(child);
    server?.close();
    server?.closeAllConnections();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
  return reports;
}

/** Opens an address until a result is there; a limit of time is an error. */
export async function open<T>(browser: Browser, url: string, result: Promise<T>): Promise<T> {
  const profile = mkdtempSync(join(tmpdir(), "xentropy-browser-"));
  const child = start(browser, find(browser), profile, url);
  let timer: NodeJS.Timeout | undefined;
  const failure = new Promise<never>((_, reject) => {
    child.on("error", reject);
    timer = setTimeout(() => reject(new Error("the page reported nothing")), LIMIT);
  });
  try {
    return await Promise.race([result, failure]);
  } finally {
    clearTimeout(timer);
    end(child);
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

/** The document that Chromium arrives at, as text, a while after it has opened a page of the app. */
export async function documentOf(path: string): Promise<string> {
  const command = find("Chromium");
  const profile = mkdtempSync(join(tmpdir(), "xentropy-browser-"));
  const server = await serve([], () => {});
  try {
    const args = [...CHROMIUM_FLAGS, `--user-data-dir=${profile}`, "--virtual-time-budget=5000", "--dump-dom"];
    return await run(command, [...args, `${urlOf(server)}${path}`]);
  } finally {
    server.close();
    server.closeAllConnections();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}
