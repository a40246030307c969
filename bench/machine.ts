// What a measurement was taken on.

import { readFileSync } from "node:fs";
import { arch, availableParallelism, cpus, platform } from "node:os";

export interface Machine {
  /** With the widest vectors that native code may use, where that can be told: "AMD EPYC with AVX2". */
  readonly cpu: string;
  readonly cores: number;
  readonly platform: string;
  /** "Node 20.20.2", "Deno 2.9.6", "Firefox 153". */
  readonly engine: string;
  /** What compiles the code: "V8 11.3", "JavaScriptCore". */
  readonly compiler: string;
}

export function machine(): Machine {
  const { bun, deno, node, v8, webkit } = process.versions;
  const [engine, compiler] = bun
    ? [`Bun ${bun}`, `JavaScriptCore ${webkit?.slice(0, 8) ?? ""}`.trim()]
    : [deno ? `Deno ${deno}` : `Node ${node}`, `V8 ${v8.split(".").slice(0, 2).join(".")}`];
  return { ...hardware(), engine, compiler };
}

export function hardware(): Pick<Machine, "cpu" | "cores" | "platform"> {
  return {
    cpu: `${cpus()[0]?.model.trim() || "unknown CPU"}${vectors()}`,
    cores: availableParallelism(),
    platform: `${platform()} ${arch()}`,
  };
}

/** Linux on x86 names them. */
function vectors(): string {
  try {
    const flags = readFileSync("/proc/cpuinfo", "utf8");
    return /\bavx512f\b/.test(flags) ? " with AVX-512" : /\bavx2\b/.test(flags) ? " with AVX2" : "";
  } catch {
    return "";
  }
}

/** One line about it. */
export function describeMachine({ cpu, cores, platform, engine, compiler }: Machine): string {
  return `${cpu}, ${cores} ${cores === 1 ? "core" : "cores"}, ${platform}, ${engine} (${compiler})`;
}
