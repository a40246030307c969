// npm run bench -- linear
//
// linearSoftmaxCrossEntropy: how near its matrix products come to what the machine can do, measured in the same rounds by a
// kernel of independent multiply-adds; and the whole call, with gradients to features, weights and bias, against a product,
// softmaxCrossEntropy and two products by the same kernels, with all logits in memory. Everything is resident.

import { load } from "xentropy";
import { parse, requireName, UsageError } from "./command-line.js";
import { firstLine } from "./errors.js";
import { fused, held, linearProblem } from "./linear-calls.js";
import { compareCalls, REFERENCE_WORK, type Rounds, TOLERANCE } from "./linear-compare.js";
import { peak, type Size, tileProducts } from "./linear-kernels.js";
import { type LinearPeers, loadLinearPeers } from "./linear-peers.js";
import { describeMachine, machine } from "./machine.js";
import { type Effort, measure, QUICK, THOROUGH } from "./measure.js";
import { installPeers, peersInstalled } from "./peers.js";
import { say } from "./progress.js";
import { quantile } from "./record.js";
import { type Column, heading, significant, table } from "./table.js";

/** MNIST's, a small vocabulary, GPT-2's and Llama 3's. */
const SIZES: readonly Size[] = [
  [256, 784, 10],
  [512, 64, 8192],
  [128, 128, 50_257],
  [512, 256, 128_256],
];

/** Milliseconds for which each contender runs before it is timed. */
const WARM_UP = 3000;

/** Multiply-adds of each product in a round. */
const WORK = 4e8;

/** Milliseconds of a contender's round at most: of small sizes, so much work would take minutes. */
const ROUND_TIME = 500;

export const USAGE = `Usage: npm run bench -- linear [options]

linearSoftmaxCrossEntropy with all gradients: its matrix products beside what the machine can do, and the whole call.

  --shape NxDxC   positions, features and classes; may be repeated. Default: ${SIZES.map((size) => size.join("x")).join(", ")}
  --backend NAME  simd (default) or relaxed
  --quick         fewer and shorter rounds
  --peers         also the libraries of bench/peers that do the same work
  --install       first installs what --peers needs, if it isn't there
  --memory        no times: what a call with foreign arrays takes beside its inputs and outputs
  --help          this text`;

const OPTIONS = {
  memory: { type: "boolean" },
  peers: { type: "boolean" },
  install: { type: "boolean" },
  quick: { type: "boolean" },
  backend: { type: "string", default: "simd" },
  shape: { type: "string", multiple: true },
  help: { type: "boolean", short: "h" },
} as const;

export async function run(args: string[]): Promise<void> {
  const { values } = parse({ args, options: OPTIONS });
  if (values.help) return console.log(USAGE);
  const { memory, peers: withPeers, install, quick } = values;
  if (memory && (withPeers || install || quick)) {
    throw new UsageError("--memory measures no time: it takes --backend and --shape alone.");
  }
  if (install && !withPeers) throw new UsageError("--install is of no use without --peers.");
  const backend = requireName("backend", values.backend, ["simd", "relaxed"]);
  const sizes = values.shape?.map(sizeOf) ?? SIZES;
  console.log(heading("linearSoftmaxCrossEntropy", "═"));
  console.log(`${describeMachine(machine())}; backend ${backend}, 1 thread\n`);
  if (memory) {
    await reportMemory(backend, sizes);
    return;
  }
  if (install && !peersInstalled()) installPeers();
  const peers = withPeers ? await loadLinearPeers() : undefined;
  if (peers) console.log(`${versionsText(peers)}\n`);
  await reportProducts(backend, quick ? QUICK : THOROUGH);
  await reportCalls(
    backend,
    sizes,
    { rounds: quick ? 3 : 7, warmUp: WARM_UP, work: WORK, roundTime: ROUND_TIME },
    peers,
  );
}

function sizeOf(shape: string): Size {
  if (!/^[1-9]\d*x[1-9]\d*x[1-9]\d*$/.test(shape))
    throw new UsageError(`"${shape}" is no shape N x D x C: 512x64x8192, say.`);
  return shape.split("x").map(Number) as unknown as Size;
}

function versionsText({ versions }: LinearPeers): string {
  return Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(", ");
}

async function reportProducts(backend: string, effort: Effort): Promise<void> {
  const all = [{ name: "independent multiply-adds", ...peak(backend) }, ...tileProducts(backend)];
  const times = await measure(all, effort);
  const ratesAt = (q: number) => times.map((rounds, i) => all[i].work / quantile(rounds, q));
  const rates = ratesAt(0.5);
  // The fastest rounds: while nobody else computes on the core's other hardware thread, who takes places of instructions from
  // a product, but not from independent multiply-adds, which need few.
  const best = ratesAt(0);
  const share = (of: readonly number[], i: number) => `${((100 * of[i]) / of[0]).toFixed(0)} %`;
  const rows = all.map(({ name }, i) => [name, significant(rates[i]), share(rates, i), share(best, i)]);
  console.log("Products of 128 positions, 256 features and 128 classes, packing included: medians of the rounds\n");
  console.log(
    table(
      [
        ["", "left"],
        ["G multiply-adds/s", "right"],
        ["of the peak", "right"],
        ["fastest rounds", "right"],
      ],
      rows,
    ),
  );
}

async function reportCalls(
  backend: string,
  sizes: readonly Size[],
  effort: Rounds,
  peers?: LinearPeers,
): Promise<void> {
  const kernels = [await load({ backend: backend as "simd" })];
  const missing: string[] = [];
  if (peers) {
    for (const [name, why] of Object.entries(peers.missing)) missing.push(`${name}: ${why}`);
    await load({ backend: "relaxed" }).then(
      (k) => backend !== "relaxed" && kernels.push(k),
      (error) => missing.push(`relaxed: ${firstLine(error)}`),
    );
  }
  const contenders = [...kernels.map(fused), held(backend), ...(peers?.contenders ?? [])];
  const names = contenders.map(({ name }) => name);
  console.log(`
Loss and all gradients: milliseconds of processor time, medians of ${effort.rounds} rounds in turn, and how many times as fast
the first is. Before each call a pair of weights is exchanged. Before and after, everyone's loss, and each gradient by its
norm, within ${TOLERANCE} of the reference's (beyond N·D·C = ${REFERENCE_WORK / 1e6} million of the first's), or it is left out.
`);
  const rows: string[][] = [];
  for (const size of sizes) {
    const shape = size.join(" × ");
    say(shape);
    const leaveOut = (name: string, why: string) => missing.push(`${name} at ${shape}: ${why}`);
    const times = await compareCalls(linearProblem(size), contenders, effort, leaveOut);
    const ours = times.get(names[0]);
    const cells = names.map((name, i) => {
      const time = times.get(name);
      if (time === undefined) return "";
      return i === 0 || ours === undefined ? significant(time) : `${significant(time)} ${significant(time / ours)}x`;
    });
    rows.push([shape, `${significant((4 * size[0] * size[2]) / 2 ** 20)} MiB`, ...cells]);
  }
  say("");
  const columns = names.map((name): Column => [name, "right"]);
  console.log(table([["N × D × C", "left"], ["logits", "right"], ...columns], rows));
  if (missing.length > 0) console.log(`\nNot measured:\n${missing.map((line) => `  ${line}`).join("\n")}`);
}

async function reportMemory(backend: "simd" | "relaxed", sizes: readonly Size[]): Promise<void> {
  const rows: string[][] = [];
  for (const size of sizes) {
    const [n, depth, classes] = size;
    const k = await load({ backend });
    const { features, weights, labels } = linearProblem(size);
    const grad = {
      features: new Float32Array(n * depth),
      weights: new Float32Array(classes * depth),
      bias: new Float32Array(classes),
    };
    k.linearSoftmaxCrossEntropy(features, weights, labels, { shape: [n, depth], grad });
    const mib = (bytes: number) => `${significant(bytes / 2 ** 20)} MiB`;
    rows.push([size.join(" × "), mib(4 * n * classes), mib(k.memory.reserved)]);
  }
  console.log("Kernel memory after a call with foreign arrays, constants and staging included\n");
  console.log(
    table(
      [
        ["N × D × C", "left"],
        ["logits", "right"],
        ["working memory", "right"],
      ],
      rows,
    ),
  );
}
