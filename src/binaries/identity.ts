import { refuse } from "../checks.js";
import { BackendError } from "../errors.js";
import { version } from "../generated/version.js";
import type { BinaryName } from "./binaries.js";

const NAMES: readonly BinaryName[] = ["simd", "relaxed"];

/** What a module is: a backend's binary, for one memory of its own or for one that threads share. */
export interface Identity {
  readonly name: BinaryName;
  readonly shared: boolean;
}

/**
 * Which of the package's binaries a module is. The build signs each with its name and the package's version in a custom
 * section called "xentropy". Throws OptionError for what is no module, BackendError for a module that isn't of this version.
 */
export function identify(module: unknown): Identity {
  const signature = signatureOf(module);
  for (const name of NAMES) {
    if (signature === `${name} ${version}`) return { name, shared: false };
    if (signature === `${name}-shared ${version}`) return { name, shared: true };
  }
  const found = signature === undefined ? "it isn't one of xentropy's binaries" : `it is xentropy's "${signature}"`;
  throw new BackendError(`The module given can't be used by xentropy ${version}: ${found}.`);
}

function signatureOf(module: unknown): string | undefined {
  let sections: ArrayBuffer[] | undefined;
  try {
    sections = WebAssembly.Module.customSections(module as WebAssembly.Module, "xentropy");
  } catch {}
  if (!sections) return refuse("module", "a WebAssembly.Module, compiled already", module);
  return sections.length === 0 ? undefined : String.fromCharCode(...new Uint8Array(sections[0]));
}
