import { describe } from "../checks.js";
import { BackendError, OptionError } from "../errors.js";
import { version } from "../generated/version.js";
import type { BinaryName } from "./binaries.js";

const NAMES: readonly BinaryName[] = ["simd", "relaxed"];

/**
 * Which of the package's binaries a module is. The build signs each with its name and the package's version in a custom
 * section called "xentropy". Throws OptionError for what is no module, BackendError for a module that isn't of this version.
 */
export function nameOf(module: unknown): BinaryName {
  const signature = signatureOf(module);
  const name = NAMES.find((candidate) => signature === `${candidate} ${version}`);
  if (name) return name;
  const found = signature === undefined ? "it isn't one of xentropy's binaries" : `it is xentropy's "${signature}"`;
  throw new BackendError(`The module given can't be used by xentropy ${version}: ${found}.`);
}

function signatureOf(module: unknown): string | undefined {
  let sections: ArrayBuffer[];
  try {
    sections = WebAssembly.Module.customSections(module as WebAssembly.Module, "xentropy");
  } catch {
    throw new OptionError(`module is a WebAssembly.Module, compiled already, not ${describe(module)}.`);
  }
  return sections.length === 0 ? undefined : String.fromCharCode(...new Uint8Array(sections[0]));
}
