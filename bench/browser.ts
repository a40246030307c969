// A run in a page that chromium.ts opened.

import { contendersOf } from "./backends.js";
import type { Machine } from "./machine.js";
import { QUICK, THOROUGH } from "./measure.js";
import type { Options } from "./options.js";
import { runSuite } from "./suite.js";

async function run() {
  const { options, hardware } = (await (await fetch("/options.json")).json()) as {
    options: Options;
    hardware: Pick<Machine, "cpu" | "cores" | "platform">;
  };
  const version = /Chrom(?:e|ium)\/(\d+)/.exec(navigator.userAgent)?.[1] ?? "?";
  const { contenders, limits, missing } = await contendersOf(options, async (backend) =>
    WebAssembly.compileStreaming(fetch(`/build/bench-${backend}.wasm`)),
  );
  return runSuite(
    options,
    {
      machine: { ...hardware, engine: `Chromium ${version}`, compiler: `V8 ${Number(version) / 10}` },
      effort: options.quick ? QUICK : THOROUGH,
      contenders,
      placements: options.placements,
      limits,
      versions: {},
      missing,
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
