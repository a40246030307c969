import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { WORKERD, withWorker } from "./engines.js";
import { APP, NotAtHand } from "./folders.js";

const ROUNDS = 9;
const PROGRAMS = ["nothing", "import", "load"] as const;

/** Cloudflare's limits: CPU time until a Worker's modules are evaluated, and the gzipped Worker where nothing is paid. */
const START_LIMIT = 400;
const SIZE_LIMIT = 3_000_000;

/** Milliseconds of CPU that a process has taken, all its threads together. */
function cpuTime(pid: number): number {
  const task = `/proc/${pid}/task`;
  try {
    const times = readdirSync(task).map((id) => Number(readFileSync(`${task}/${id}/schedstat`, "utf8").split(" ")[0]));
    return times.reduce((sum, time) => sum + time, 0) / 1e6;
  } catch {
    throw new NotAtHand("CPU time is told by Linux alone");
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

/** The CPU time of a workerd that has answered one request. */
function timeOf(program: string): Promise<number> {
  return withWorker(`worker-start/${program}.js`, `bundles/start-${program}`, WORKERD, async (url, pid) => {
    const response = await fetch(url);
    if ((await response.text()) !== program) throw new Error(`${program}: ${response.status}`);
    return cpuTime(pid);
  });
}

/**
 * What xentropy adds to a Worker's start. A Worker's own clocks stand still while it computes, so it is told from the CPU
 * time of workerd: one that imports xentropy, and one that also loads it, against one that does nothing.
 */
export async function workerStart(): Promise<string> {
  const times: Record<string, number[]> = { nothing: [], import: [], load: [] };
  for (let round = 0; round < ROUNDS; round++) {
    for (const program of PROGRAMS) times[program].push(await timeOf(program));
  }
  const above = (program: string, base: string) => median(times[program].map((time, i) => time - times[base][i]));
  const folder = `${APP}/bundles/start-load`;
  const bytes = readdirSync(folder)
    .filter((file) => !file.endsWith(".capnp"))
    .reduce((sum, file) => sum + gzipSync(readFileSync(`${folder}/${file}`)).length, 0);
  if (above("load", "nothing") > START_LIMIT || bytes > SIZE_LIMIT) throw new Error("beyond Cloudflare's limits");
  const ms = (time: number) => `${time.toFixed(1)} ms`;
  const size = `${(bytes / 1000).toFixed(0)} kB gzipped`;
  return `CPU time: import ${ms(above("import", "nothing"))}, load() and a call ${ms(above("load", "import"))}; ${size}`;
}
