import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** The browsers that are installed, for the benchmarks, the page's test and the tests in each runtime. */

export const COMMANDS = {
  Chromium: ["chromium", "chromium-browser", "google-chrome"],
  Firefox: ["firefox-esr", "firefox"],
  /** WebKitGTK's own small browser: the engine of Safari. */
  WebKit: ["MiniBrowser"],
} as const;

/** Where Debian and Fedora put what is in no path. */
const LIBRARIES = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/libexec"];
const ASIDE = ["4.1", "4.0"].flatMap((version) => LIBRARIES.map((folder) => `${folder}/webkit2gtk-${version}`));

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

interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** How a browser opens an address, with all that it keeps in a folder, on a machine that may have no screen. */
export function launch(browser: Browser, file: string, profile: string, url: string): Launch {
  const { env } = process;
  if (browser === "Chromium") {
    const args = [...CHROMIUM_FLAGS, "--remote-debugging-port=0", `--user-data-dir=${profile}`, url];
    return { command: file, args, env };
  }
  if (browser === "Firefox")
    return { command: file, args: ["--headless", "--no-remote", "--profile", profile, url], env };
  // Isolated pages of Safari have SharedArrayBuffer, those of WebKitGTK only when told so.
  const own = { HOME: profile, XDG_CACHE_HOME: profile, XDG_DATA_HOME: profile, JSC_useSharedArrayBuffer: "1" };
  const [command, ...args] = [...screenFor(browser), file, url];
  return { command, args, env: { ...env, ...own } };
}

const VIRTUAL_SCREEN = ["xvfb-run", "-a"] as const;

/** What a browser's command stands behind where it needs a screen and there is none. */
export function screenFor(browser: string): readonly string[] {
  return browser === "WebKit" && !hasScreen() ? VIRTUAL_SCREEN : [];
}

const hasScreen = () => Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);

/**
 * The file that CHROMIUM, FIREFOX or WEBKIT in the environment names, or the first of the browser's commands that is found.
 * WebKit shows a window: without a screen it needs xvfb-run.
 */
export function findBrowser(browser: Browser): string | undefined {
  if (browser === "WebKit" && !hasScreen() && !search(VIRTUAL_SCREEN[0])) return undefined;
  const named = process.env[browser.toUpperCase()];
  return named && isExecutable(named) ? named : COMMANDS[browser].map(search).find((file) => file !== undefined);
}

function search(command: string): string | undefined {
  const folders = [...(process.env.PATH ?? "").split(delimiter), ...ASIDE];
  return folders.map((folder) => join(folder, command)).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
