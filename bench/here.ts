// A run on the engine that this program runs on.

import { readFile } from "node:fs/promises";
import { machine } from "./machine.js";
import type { Options } from "./options.js";
import { loadPeers } from "./peers.js";
import { hearProgress } from "./progress.js";
import type { RunRecord } from "./record.js";
import { ROOT } from "./root.js";
import { runSuite } from "./suite.js";
import { ownSurroundings } from "./surroundings.js";

export async function runHere(options: Options): Promise<RunRecord> {
  const own = await ownSurroundings(options, async (backend) => {
    const bytes = await readFile(new URL(`build/bench-${backend}.wasm`, ROOT));
    return WebAssembly.compile(bytes);
  });
  const peers = options.peers ? await loadPeers() : { contenders: [], versions: {}, missing: {} };
  const { version } = JSON.parse(await readFile(new URL("package.json", ROOT), "utf8"));
  return runSuite(
    options,
    {
      ...own,
      machine: machine(),
      contenders: [...own.contenders, ...peers.contenders],
      placements: options.placements,
      versions: { xentropy: version, ...peers.versions },
      missing: { ...own.missing, ...peers.missing },
    },
    hearProgress,
  );
}
