// The baseline, the backends that this engine has, and the limits of each.

import { type Backend, load } from "xentropy";
import { type Contender, javascript, kernels } from "./contenders.js";
import { Limit } from "./limit.js";

export interface Own {
  readonly contenders: readonly Contender[];
  readonly limits: readonly Limit[];
  readonly missing: Readonly<Record<string, string>>;
}

/** `passes` compiles the binary of bench-only kernels. */
export async function contendersOf(
  { backends, limit }: { readonly backends: readonly Backend[]; readonly limit: boolean },
  passes: (backend: Backend) => Promise<WebAssembly.Module>,
): Promise<Own> {
  const contenders: Contender[] = [javascript];
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
  return { contenders, limits, missing };
}
