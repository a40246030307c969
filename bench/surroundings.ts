// What a run needs beside its cases, on every engine alike: the baseline, the backends that this engine has, the limits of each,
// and how to measure.

import { type Backend, load } from "xentropy";
import { type Contender, javascript, kernels } from "./contenders.js";
import { Limit } from "./limit.js";
import { effortOf } from "./measure.js";
import type { Options } from "./options.js";
import type { Surroundings } from "./suite.js";

type Own = Pick<Surroundings, "contenders" | "limits" | "missing" | "effort" | "turn">;

/**
 * What this engine can find out by itself; what else a run needs, page.ts and here.ts add. `passes` compiles the binary of
 * bench-only kernels.
 */
export async function ownSurroundings(
  { backends, limit, quick, turns }: Options,
  passes: (backend: Backend) => Promise<WebAssembly.Module>,
): Promise<Own> {
  const contenders: Contender[] = turns ? [] : [javascript];
  const limits: Limit[] = [];
  const missing: Record<string, string> = {};
  for (const backend of backends) {
    try {
      contenders.push(kernels(await load({ backend })));
      if (limit && backend !== "js") limits.push(new Limit(backend, await passes(backend)));
    } catch (error) {
      missing[backend] = error instanceof Error ? error.message : String(error);
    }
  }
  const effort = effortOf(turns !== undefined, quick);
  return { contenders, limits, missing, effort, turn: turns ? () => fetch(turns) : undefined };
}
