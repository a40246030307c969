/**
 * The entry for React Native: the js backend alone. Its engine Hermes has no WebAssembly, and its bundler Metro refuses the
 * import by which threads find Node's modules. The same names as src/index.ts, which has the types.
 */
import { modules } from "../binaries/modules.js";
import { type LoadOptions, loadFrom, loadSyncFrom } from "../load.js";

const binaries = modules();

export * from "../errors.js";
export const load = (options?: LoadOptions) => loadFrom(binaries, options);
export const loadSync = (options?: LoadOptions) => loadSyncFrom(binaries, options);
