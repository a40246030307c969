import { embedded } from "../binaries/embedded.js";
import type { Xentropy } from "../kernels.js";
import { type LoadOptions, loadFrom, loadSyncFrom } from "../load.js";

/**
 * Loads the kernels: the first backend of the list that this runtime has. Nothing is fetched; the binary is in the
 * package. Throws OptionError, MemoryError, or BackendError where no backend of the list can be had or `module` isn't
 * one of this version's binaries.
 */
export function load(options?: LoadOptions): Promise<Xentropy> {
  return loadFrom(embedded, options);
}

/**
 * As `load`, at once. It offers "simd" and "js", and other binaries through `module`. A browser's main thread may refuse
 * to compile synchronously; then the default list arrives at "js".
 */
export function loadSync(options?: LoadOptions): Xentropy {
  return loadSyncFrom(embedded, options);
}
