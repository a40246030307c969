// Wherever there is a console or a page. `binaries` gives the package's binaries, compiled, where they are at hand;
// `internals` what threads.ts wants; `threads` says what to expect of threads where that isn't the page's to say.

import { report } from "./report.js";
import { program } from "./runtimes/program.js";
import { threaded } from "./runtimes/threads.js";
import { setup } from "./setup.js";

/** Whether threads can be had; in a page that isn't isolated the error names the header; undefined: nothing is known. */
function expected() {
  if (typeof document === "undefined") return globalThis.threads;
  return globalThis.crossOriginIsolated || "Cross-Origin-Opener-Policy: same-origin";
}

async function main() {
  const outcomes = await program({ ...setup, modules: await globalThis.binaries?.() });
  if (expected()) outcomes.push(...(await threaded(setup, expected(), await globalThis.internals?.())));
  report(outcomes);
}

export const done = main();
