// The machine a command ran on, as it is printed and written as JSON.

import { arch, availableParallelism, cpus, platform } from "node:os";

export interface Machine {
  /** "Node 20.20.2 (V8 11.3)" */
  readonly engine: string;
  readonly cpu: string;
  readonly cores: number;
  readonly platform: string;
}

export function machine(): Machine {
  return {
    engine: engine(),
    cpu: cpus()[0]?.model.trim() || "unknown CPU",
    cores: availableParallelism(),
    platform: `${platform()} ${arch()}`,
  };
}

function engine(): string {
  const { bun, deno, node, v8 } = process.versions;
  const short = v8?.split(".").slice(0, 2).join(".");
  if (bun) return `Bun ${bun} (JavaScriptCore)`;
  if (deno) return `Deno ${deno} (V8 ${short})`;
  return `Node ${node} (V8 ${short})`;
}
