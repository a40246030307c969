/**
 * The entry for Cloudflare Workers (workerd), where wasm is compiled at deployment and bytes are refused later. The same
 * names as src/index.ts, which has the types.
 */
import { modules } from "../binaries/modules.js";
import { type LoadOptions, loadFrom, loadSyncFrom } from "../load.js";
import simd from "../simd.wasm";

const binaries = modules(simd, () => import("../relaxed.wasm"));

export * from "../errors.js";
export const load = (options?: LoadOptions) => loadFrom(binaries, options);
export const loadSync = (options?: LoadOptions) => loadSyncFrom(binaries, options);
