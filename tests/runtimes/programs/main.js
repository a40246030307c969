// Wherever there is a console or a page. `binaries` gives the package's binaries, compiled, where they are at hand.

import { report } from "./report.js";
import { program } from "./runtimes/program.js";
import { setup } from "./setup.js";

async function main() {
  report(await program({ ...setup, modules: await globalThis.binaries?.() }));
}

main();
