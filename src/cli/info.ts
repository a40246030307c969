// xentropy info

import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { type Backend, BackendError, load } from "../index.js";
import type { InfoOptions } from "./arguments.js";
import { type Machine, machine } from "./machine.js";
import { grouped, list, paint, table } from "./terminal.js";

interface Binary {
  readonly name: string;
  readonly bytes: number;
  readonly gzip: number;
  /** Whether this engine accepts it. */
  readonly valid: boolean;
}

interface Info extends Machine {
  readonly version: string;
  readonly backends: Readonly<Record<Backend, { available: boolean; reason: string }>>;
  readonly sharedMemory: boolean;
  readonly chosen: { backend: Backend; threads: number; reason: string };
  readonly binaries: readonly Binary[];
}

const PACKAGE = new URL("../../package.json", import.meta.url);

/** The version of this package. */
export function version(): string {
  return JSON.parse(readFileSync(PACKAGE, "utf8")).version;
}

/** Tries each backend, and says what `load()` makes of it. */
async function gather(): Promise<Info> {
  const k = await load();
  const backends = {
    simd: await tried("simd", "128-bit SIMD is there"),
    relaxed: await tried("relaxed", "relaxed SIMD is there"),
    js: await tried("js", "needs nothing"),
  };
  const reason =
    k.backend === "simd"
      ? "first of the default list, and this engine has WebAssembly SIMD"
      : `second of the default list: ${backends.simd.reason}`;
  return {
    version: version(),
    ...machine(),
    backends,
    sharedMemory: hasSharedMemory(),
    chosen: { backend: k.backend, threads: k.threads, reason },
    binaries: binaries(),
  };
}

async function tried(backend: Backend, reason: string): Promise<{ available: boolean; reason: string }> {
  try {
    await load({ backend });
    return { available: true, reason };
  } catch (error) {
    if (!(error instanceof BackendError)) throw error;
    return { available: false, reason: error.message };
  }
}

function hasSharedMemory(): boolean {
  try {
    return new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer instanceof SharedArrayBuffer;
  } catch {
    return false;
  }
}

function binaries(): Binary[] {
  const folder = new URL("../", import.meta.url);
  const names = readdirSync(folder).filter((name) => name.endsWith(".wasm"));
  return names.sort().map((name) => {
    const bytes = readFileSync(new URL(name, folder));
    return {
      name,
      bytes: bytes.length,
      gzip: gzipSync(bytes, { level: 9 }).length,
      valid: typeof WebAssembly !== "undefined" && WebAssembly.validate(bytes),
    };
  });
}

export async function info({ json }: InfoOptions): Promise<void> {
  const found = await gather();
  if (json) console.log(JSON.stringify(found, undefined, 2));
  else print(found);
}

function print({ version, engine, cpu, cores, platform, backends, sharedMemory, chosen, binaries }: Info): void {
  const has = ({ available, reason }: { available: boolean; reason: string }) =>
    available ? paint("green", "yes") : `${paint("yellow", "no")}   ${reason}`;
  const lines: (readonly [string, string])[] = [
    ["engine", engine],
    ["machine", `${cpu}, ${cores} ${cores === 1 ? "core" : "cores"}, ${platform}`],
    ["SIMD", has(backends.simd)],
    ["relaxed SIMD", has(backends.relaxed)],
    ["shared memory", sharedMemory ? paint("green", "yes") : paint("yellow", "no")],
    ["load() chooses", `${paint("bold", chosen.backend)}, ${chosen.threads} thread: ${chosen.reason}`],
  ];
  console.log(`xentropy ${version}\n\n${list(lines)}\n`);
  console.log(
    table(
      [
        { heading: "binary", align: "left" },
        { heading: "bytes", align: "right" },
        { heading: "gzip", align: "right" },
        { heading: "accepted here", align: "left" },
      ],
      binaries.map(({ name, bytes, gzip, valid }) => [name, grouped(bytes), grouped(gzip), valid ? "yes" : "no"]),
    ),
  );
}
