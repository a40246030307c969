import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** The browsers that are installed, for the benchmarks, the page's test and the tests in each runtime. */

export const COMMANDS = {
  Chromium: ["chromium", "chromium-browser", "google-chrome"],
  Firefox: ["firefox-esr", "firefox"],
} as const;

export type Browser = keyof typeof COMMANDS;

/** With these Chromium shows no window, asks nothing, and asks no other server for anything. */
export const CHROMIUM_FLAGS: readonly string[] = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** What starts a browser without a window, with a folder for its profile. */
export const ARGUMENTS: Readonly<Record<Browser, (profile: string) => readonly string[]>> = {
  Chromium: (profile) => [...CHROMIUM_FLAGS, `--user-data-dir=${profile}`],
  Firefox: (profile) => ["--headless", "--no-remote", "--profile", profile],
};

/** The file that CHROMIUM or FIREFOX in the environment names, or the first of the browser's commands in the path. */
export function findBrowser(browser: Browser): string | undefined {
  const named = process.env[browser.toUpperCase()];
  const folders = (process.env.PATH ?? "").split(delimiter);
  const inPath = COMMANDS[browser].flatMap((command) => folders.map((folder) => join(folder, command)));
  return [...(named ? [named] : []), ...inPath].find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
