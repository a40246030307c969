// npm run bench -- linear [--memory] [--quick] [--backend name] [--shape NxDxC]
//
// linearSoftmaxCrossEntropy: how near its matrix products come to what the machine can do, measured in the same rounds by a
// kernel of independent multiply-adds; and the whole call, with gradients to features, weights and bias, against a product,
// softmaxCrossEntropy and two products by the same kernels, with all logits in memory. Everything is resident.
// --memory: what a call with foreign arrays takes beside its inputs and outputs.

import { parseArgs } from "node:util";
import { load, type Xentropy } from "xentropy";
import { peak, type Size, tileProducts, unfused } from "./linear-kernels.js";
import { describeMachine, machine } from "./machine.js";
import { type Effort, measure, QUICK, THOROUGH } from "./measure.js";
import { mulberry32, normal } from "./random.js";
import { quantile } from "./record.js";
import { heading, significant, table } from "./table.js";

/** MNIST's, a small vocabulary, GPT-2's and Llama 3's. */
const SIZES: readonly Size[] = [
  [256, 784, 10],
  [512, 64, 8192],
  [128, 128, 50_257],
  [512, 256, 128_256],
];

/** Milliseconds for which each contender runs before it is timed. */
const WARM_UP = 1000;

interface Problem {
  readonly features: Float32Array;
  readonly weights: Float32Array;
  readonly labels: Int32Array;
}

export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      memory: { type: "boolean" },
      quick: { type: "boolean" },
      backend: { type: "string" },
      shape: { type: "string", multiple: true },
    },
  });
  const k = await load({ backend: values.backend === "relaxed" ? "relaxed" : "simd" });
  const sizes = values.shape?.map((shape) => shape.split("x").map(Number) as unknown as Size) ?? SIZES;
  console.log(heading("linearSoftmaxCrossEntropy", "═"));
  console.log(`${describeMachine(machine())}; backend ${k.backend}, 1 thread\n`);
  if (values.memory) {
    await reportMemory(k.backend as "simd", sizes);
    return;
  }
  await reportProducts(k.backend, values.quick ? QUICK : THOROUGH);
  reportCalls(k, sizes, values.quick ? 3 : 7);
}

async function reportProducts(backend: string, effort: Effort): Promise<void> {
  const all = [{ name: "independent multiply-adds", ...peak(backend) }, ...tileProducts(backend)];
  const times = await measure(all, effort);
  const rates = times.map((rounds, i) => all[i].work / quantile(rounds, 0.5));
  const rows = all.map(({ name }, i) => [name, significant(rates[i]), `${((100 * rates[i]) / rates[0]).toFixed(0)} %`]);
  console.log("Products of 128 positions, 256 features and 128 classes, packing included\n");
  console.log(
    table(
      [
        ["", "left"],
        ["G multiply-adds/s", "right"],
        ["of the peak", "right"],
      ],
      rows,
    ),
  );
}

function reportCalls(k: Xentropy, sizes: readonly Size[], rounds: number): void {
  console.log("\nLoss and all gradients, milliseconds of processor time; medians of rounds in turn\n");
  const rows = sizes.map((size) => {
    const [n, depth, classes] = size;
    const { features, weights, labels } = problem(size);
    const x = k.alloc([n, depth]).set(features);
    const w = k.alloc([classes, depth]).set(weights);
    const grad = { features: k.alloc([n, depth]), weights: k.alloc([classes, depth]), bias: k.alloc([classes]) };
    const held = unfused(k.backend, size, features, weights, labels);
    const calls = [held.call, () => k.linearSoftmaxCrossEntropy(x, w, labels, { grad }).loss];
    const [expected, loss] = calls.map((call) => call());
    if (Math.abs(loss - expected) > 1e-6 * expected) throw new Error(`The losses differ: ${loss} and ${expected}`);
    const repeats = Math.max(1, Math.round(4e8 / (n * depth * classes)));
    // Until the engine has compiled all: its threads' time would count too.
    for (const call of calls) for (const end = performance.now() + WARM_UP; performance.now() < end; ) call();
    const times = calls.map((): number[] => []);
    for (let round = 0; round < rounds; round++) {
      calls.forEach((_, turn) => {
        const which = (turn + round) % calls.length;
        const start = process.cpuUsage();
        for (let i = 0; i < repeats; i++) calls[which]();
        const { user, system } = process.cpuUsage(start);
        times[which].push((user + system) / 1000 / repeats);
      });
    }
    for (const batch of [x, w, ...Object.values(grad)]) batch.free();
    const [before, after] = times.map((rounds) => quantile(rounds, 0.5));
    return [
      size.join(" × "),
      `${significant((4 * n * classes) / 2 ** 20)} MiB`,
      significant(before),
      significant(after),
      `${significant(before / after)}x`,
    ];
  });
  console.log(
    table(
      [
        ["N × D × C", "left"],
        ["logits", "right"],
        ["all held", "right"],
        ["fused", "right"],
        ["speed-up", "right"],
      ],
      rows,
    ),
  );
}

async function reportMemory(backend: "simd" | "relaxed", sizes: readonly Size[]): Promise<void> {
  const rows: string[][] = [];
  for (const size of sizes) {
    const [n, depth, classes] = size;
    const k = await load({ backend });
    const { features, weights, labels } = problem(size);
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

function problem([n, depth, classes]: Size): Problem {
  const random = mulberry32(n + depth + classes);
  const gauss = normal(random);
  const some = Float32Array.from({ length: 65_537 }, gauss);
  const scale = 1 / Math.sqrt(depth);
  return {
    features: Float32Array.from({ length: n * depth }, (_, i) => some[i % 65_537]),
    weights: Float32Array.from({ length: classes * depth }, (_, i) => scale * some[(i * 7) % 65_537]),
    labels: Int32Array.from({ length: n }, () => Math.floor(random() * classes)),
  };
}
