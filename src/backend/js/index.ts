import type { Engine } from "../backend.js";

export function openJs(_maximumMemory: number): Engine {
  throw new Error("not there yet");
}
