/**
 * The entry for Vercel's Edge runtime, which is as Cloudflare's but for the spelling of the import: `?module`. The same
 * names as src/index.ts, which has the types.
 */
import { modules } from "../binaries/modules.js";
import { type LoadOptions, loadFrom, loadSyncFrom } from "../load.js";
import simd from "../simd.wasm?module";

const binaries = modules(simd, { relaxed: () => import("../relaxed.wasm?module") });

export * from "../errors.js";
export const load = (options?: LoadOptions) => loadFrom(binaries, options);
export const loadSync = (options?: LoadOptions) => loadSyncFrom(binaries, options);
