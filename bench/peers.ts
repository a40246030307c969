// The libraries of bench/peers, where they are installed: npm run bench:peers does that. Each is a file there that opens the
// library and prepares cases; this one finds them and says what can't be had.

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Contender, Entry } from "./contenders.js";
import { firstLine } from "./errors.js";
import type { Kind, Placement } from "./record.js";

const PEERS = new URL("../../../bench/peers/", import.meta.url);

/** A file of bench/peers, and the package whose version is printed. */
const FILES: readonly (readonly [file: string, npm: string])[] = [
  ["tensorflow", "@tensorflow/tfjs-backend-wasm"],
  ["onnxruntime-web", "onnxruntime-web"],
  ["onnxruntime-node", "onnxruntime-node"],
  ["jax-js", "@jax-js/jax"],
  ["numpy-ts", "numpy-ts"],
  ["transformers", "@huggingface/transformers"],
];

interface Opened {
  readonly kind: Kind;
  readonly placements: readonly Placement[];
  readonly prepare: (
    ...given: Parameters<Contender["prepare"]>
  ) => Promise<Omit<Entry, "name" | "kind" | "placement"> | undefined>;
}

export interface Peers {
  readonly contenders: readonly Contender[];
  readonly versions: Readonly<Record<string, string>>;
  readonly missing: Readonly<Record<string, string>>;
}

export function peersInstalled(): boolean {
  return existsSync(new URL("node_modules", PEERS));
}

export function installPeers(): void {
  // By force: numpy-ts asks for a newer Node than it needs.
  const { status } = spawnSync("npm", ["ci", "--force"], { cwd: fileURLToPath(PEERS), stdio: ["ignore", 2, 2] });
  if (status !== 0) throw new Error("The libraries of bench/peers could not be installed; see above.");
}

export async function loadPeers(): Promise<Peers> {
  const { opened, versions, missing } = await openPeers<Opened>(FILES);
  return { contenders: opened.map(([npm, peer]) => contenderOf(npm, peer)), versions, missing };
}

/** What the files' open() gives, by the package's name. */
export async function openPeers<T>(files: typeof FILES) {
  const opened: [npm: string, peer: T][] = [];
  const versions: Record<string, string> = {};
  const missing: Record<string, string> = {};
  for (const [file, npm] of files) {
    try {
      const { open } = (await import(new URL(`${file}.js`, PEERS).href)) as { open(): Promise<T> };
      opened.push([npm, await open()]);
      versions[npm] = JSON.parse(readFileSync(new URL(`node_modules/${npm}/package.json`, PEERS), "utf8")).version;
    } catch (error) {
      missing[npm] = firstLine(error);
    }
  }
  return { opened, versions, missing };
}

function contenderOf(name: string, { kind, placements, prepare }: Opened): Contender {
  const prepareNamed: Contender["prepare"] = async (operation, problem, placement) => {
    const entry = await prepare(operation, problem, placement);
    return entry && { ...entry, name, kind, placement };
  };
  return { name, kind, placements, prepare: prepareNamed };
}
