/**
 * What every runtime runs, on the package as it was installed there: each check says what it found. Plain ECMAScript.
 */
import type * as Package from "../../src/index.js";
import { CASES, hashOf, train } from "../golden/cases.js";
import { Hash } from "../golden/inputs.js";

export type Xentropy = typeof Package;

/** What a check came to: it held, it didn't, or the runtime has no such thing. */
export interface Outcome {
  readonly check: string;
  readonly result: "passed" | "failed" | "absent";
  readonly detail: string;
}

/** What the runtime is given. */
export interface Setup {
  readonly xentropy: Xentropy;
  readonly golden: Readonly<Record<string, string>>;
  /** `checked` of xentropy/check. */
  readonly checked: (k: Package.Xentropy) => Package.Xentropy;
  /** Names that the import must have. */
  readonly names: readonly string[];
  /** The package's binaries as the runtime compiled them itself; where they aren't at hand, their check is left out. */
  readonly modules?: { readonly simd: object; readonly relaxed?: object };
}

class Absent extends Error {}

type Check = (setup: Setup) => Promise<string>;

export function claim(holds: boolean, message: string): asserts holds {
  if (!holds) throw new Error(message);
}

export function differing(k: Package.Xentropy, golden: Setup["golden"]): string {
  const wrong = CASES.filter((given) => hashOf(given, k) !== golden[given.name]);
  claim(wrong.length === 0, `${wrong.length} of ${CASES.length} differ: ${wrong.map(({ name }) => name).join("; ")}`);
  return `${CASES.length} hashes equal`;
}

const surface: Check = async ({ xentropy, names }) => {
  claim(Object.keys(xentropy).sort().join() === [...names].sort().join(), `exports ${Object.keys(xentropy)}`);
  return `${names.length} names`;
};

const simd: Check = async ({ xentropy, golden }) => {
  const k = await xentropy.load();
  claim(k.backend === "simd", `load() arrived at ${k.backend}`);
  claim(xentropy.loadSync({ backend: "simd" }).backend === "simd", "loadSync has no simd");
  return differing(k, golden);
};

const js: Check = async ({ xentropy, golden }) => differing(xentropy.loadSync({ backend: "js" }), golden);

/** The reference takes seconds for the largest cases. */
const SMALL = CASES.filter(({ name }) => !/\[1,70001]|\[40,1000]|^alloc/.test(name));

const relaxed: Check = async ({ xentropy, checked }) => {
  const k = await xentropy.load({ backend: "relaxed" }).catch((error: Error) => {
    claim(error instanceof xentropy.BackendError, `${error}`);
    throw new Absent("this engine has no relaxed SIMD");
  });
  const strict = checked(k);
  for (const given of SMALL) given.run(strict);
  return `${SMALL.length} cases within bounds`;
};

const errors: Check = async ({ xentropy, modules }) => {
  const x = Float32Array.of(1, 2, 3, 4, 5, 6);
  const k = await xentropy.load();
  const attempts: [string, () => unknown][] = [
    ["OPTION", () => k.softmax(x, { tempereture: 2 } as object)],
    ["OPTION", () => xentropy.load({ backend: "gpu" as "simd" })],
    ["OPTION", () => xentropy.load({ module: new Uint8Array(8) })],
    ["SHAPE", () => k.softmax(x, { shape: [4, 2] })],
    ["AXIS", () => k.softmax(x, { shape: [2, 3], axis: 2 })],
    ["DTYPE", () => k.softmax(new Float64Array(6) as unknown as Float32Array)],
    ["LABEL", () => k.softmaxCrossEntropy(x, [0, 3], { shape: [2, 3] })],
    ["WEIGHT", () => k.softmaxCrossEntropy(x, [0, 1], { shape: [2, 3], classWeights: Float32Array.of(1, -1, 1) })],
    ["OUTPUT", () => k.softmax(x, { out: new Float32Array(5) })],
    ["MEMORY", () => xentropy.load({ maximumMemory: 65536 })],
    ["BACKEND", () => xentropy.loadSync({ backend: "relaxed" })],
  ];
  if (modules) attempts.push(["BACKEND", () => xentropy.load({ backend: "js", module: modules.simd })]);
  if (modules?.relaxed) attempts.push(["BACKEND", () => xentropy.load({ module: modules.relaxed })]);
  for (const [code, attempt] of attempts) {
    const error: unknown = await (async () => attempt())().catch((caught) => caught);
    claim(error instanceof xentropy.XentropyError, `no error of the package where ${code} was due: ${error}`);
    claim(error.code === code, `${error.code} where ${code} was due: ${error.message}`);
  }
  return `${attempts.length} refusals`;
};

const given: Check = async ({ xentropy, modules, golden }) => {
  claim(modules !== undefined, "no module");
  const k = xentropy.loadSync({ backend: "simd", module: modules.simd });
  const again = await xentropy.load({ module: modules.simd });
  for (const engine of [k, again]) claim(hashOf(CASES[0], engine) === golden[CASES[0].name], "other bits");
  if (!modules.relaxed) return "simd";
  claim(xentropy.loadSync({ backend: "relaxed", module: modules.relaxed }).backend === "relaxed", "no relaxed");
  return "simd and relaxed";
};

const training: Check = async ({ xentropy, golden }) => {
  const hashes = new Set<string>();
  for (const backend of ["simd", "js"] as const) {
    const { losses, weights } = train(await xentropy.load({ backend }));
    claim((losses.at(-1) as number) < losses[0] / 2, `losses ${losses}`);
    hashes.add(new Hash().add({ losses, weights }).toString());
  }
  claim(hashes.size === 1 && hashes.has(golden["alloc: five training steps"]), "other weights");
  return "loss falls, weights equal";
};

const CHECKS: Readonly<Record<string, Check>> = { surface, simd, js, relaxed, errors, module: given, training };

/** Runs every check. */
export function program(setup: Setup): Promise<Outcome[]> {
  const { module, ...others } = CHECKS;
  const checks = setup.modules ? { ...others, module } : others;
  return outcomesOf(Object.fromEntries(Object.entries(checks).map(([check, run]) => [check, () => run(setup)])));
}

/** What checks come to, one after the other. */
export async function outcomesOf(checks: Readonly<Record<string, () => Promise<string>>>): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const [check, run] of Object.entries(checks)) {
    try {
      outcomes.push({ check, result: "passed", detail: await run() });
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      outcomes.push({ check, result: error instanceof Absent ? "absent" : "failed", detail });
    }
  }
  return outcomes;
}

/** Without the right to compile, as in a page whose policy lacks 'wasm-unsafe-eval'. */
export async function forbidden({ xentropy, golden }: Setup, word: string): Promise<Outcome[]> {
  const check = "wasm refused";
  try {
    for (const k of [await xentropy.load(), xentropy.loadSync()]) claim(k.backend === "js", `arrived at ${k.backend}`);
    const error: unknown = await xentropy.load({ backend: ["simd", "relaxed"] }).catch((caught) => caught);
    claim(error instanceof xentropy.BackendError && error.message.includes(word), `unclear: ${error}`);
    return [
      { check, result: "passed", detail: `js; ${differing(await xentropy.load(), golden)}; the error says ${word}` },
    ];
  } catch (error) {
    return [{ check, result: "failed", detail: String(error) }];
  }
}
