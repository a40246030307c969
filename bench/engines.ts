import type { Options } from "./options.js";
import type { RunRecord } from "./record.js";
export async function runEngines(_: Options): Promise<RunRecord[]> {
  return [];
}
