// A run in a page that chromium.ts opened.

import type { Machine } from "./machine.js";
import type { Options } from "./options.js";
import { runSuite } from "./suite.js";
import { ownSurroundings } from "./surroundings.js";

async function run() {
  const { options, hardware } = (await (await fetch("/options.json")).json()) as {
    options: Options;
    hardware: Pick<Machine, "cpu" | "cores" | "platform">;
  };
  const version = /Chrom(?:e|ium)\/(\d+)/.exec(navigator.userAgent)?.[1] ?? "?";
  const own = await ownSurroundings(options, async (backend) =>
    WebAssembly.compileStreaming(fetch(`/build/bench-${backend}.wasm`)),
  );
  return runSuite(
    options,
    {
      ...own,
      machine: { ...hardware, engine: `Chromium ${version}`, compiler: `V8 ${Number(version) / 10}` },
      placements: options.placements,
      versions: {},
    },
    () => {},
  );
}

async function report(body: object): Promise<void> {
  await fetch("/", { method: "POST", body: JSON.stringify(body) });
}

run().then(
  (record) => report({ record }),
  (error) => report({ error: String(error instanceof Error ? error.stack : error) }),
);
