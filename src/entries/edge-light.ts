/**
 * The entry for Vercel's Edge runtime, which is as Cloudflare's but for the spelling of the import: `?module`, and without
 * relaxed: Next.js compiles every binary that it finds where it builds, and on Node 20 that one is refused. The same names as
 * src/index.ts, which has the types.
 */
import { modules } from "../binaries/modules.js";
import { type LoadOptions, loadFrom, loadSyncFrom } from "../load.js";
import simd from "../simd.wasm?module";

const binaries = modules(simd);

export * from "../errors.js";
export const load = (options?: LoadOptions) => loadFrom(binaries, options);
export const loadSync = (options?: LoadOptions) => loadSyncFrom(binaries, options);
