// A run in a page that browsers.ts opened.

import type { Machine } from "./machine.js";
import type { Options } from "./options.js";
import { runSuite } from "./suite.js";
import { ownSurroundings } from "./surroundings.js";

async function run() {
  const { options, hardware } = (await (await fetch("/options.json")).json()) as {
    options: Options;
    hardware: Pick<Machine, "cpu" | "cores" | "platform">;
  };
  const own = await ownSurroundings(options, async (backend) =>
    WebAssembly.compileStreaming(fetch(`/build/bench-${backend}.wasm`)),
  );
  return runSuite(
    options,
    {
      ...own,
      machine: { ...hardware, ...browser() },
      placements: options.placements,
      versions: {},
    },
    () => {},
  );
}

function browser(): Pick<Machine, "engine" | "compiler"> {
  const firefox = /Firefox\/(\d+)/.exec(navigator.userAgent)?.[1];
  if (firefox) return { engine: `Firefox ${firefox}`, compiler: "SpiderMonkey" };
  const chromium = /Chrom(?:e|ium)\/(\d+)/.exec(navigator.userAgent)?.[1] ?? "?";
  return { engine: `Chromium ${chromium}`, compiler: `V8 ${Number(chromium) / 10}` };
}

async function report(body: object): Promise<void> {
  await fetch("/", { method: "POST", body: JSON.stringify(body) });
}

run().then(
  (record) => report({ record }),
  (error) => report({ error: String(error instanceof Error ? error.stack : error) }),
);
