// The targets of speed, and what a set of records says of them. A target is a row: add rows.

import { ACROSS } from "./cases.js";
import { gapOf, newestOf } from "./gaps.js";
import { operations } from "./operations.js";
import { limitOf } from "./ratios.js";
import { isPeer, PLACEMENTS, type Placement, type Result, type RunRecord, type Timing, timingOf } from "./record.js";

interface Target {
  /** Against whom, and at which sizes. */
  readonly against: string;
  /** Engine and backend, with the bound there. */
  readonly on: readonly (readonly [engine: string, backend: string, bound: number])[];
  /** Whether the ratio is to be at least or at most the bound. */
  readonly sense: "least" | "most";
  readonly operations: readonly string[];
  readonly shapes: (result: Result) => boolean;
  readonly ratio: (result: Result, backend: string) => number | undefined;
}

/** One operation on one engine and backend: the worst of its shapes. */
export interface Verdict {
  readonly against: string;
  readonly operation: string;
  readonly engine: string;
  readonly backend: string;
  readonly sense: Target["sense"];
  readonly bound: number;
  /** Undefined where nothing was measured; `note` says why. */
  readonly ratio?: number;
  /** The shape and spread of the worst, or why there is none. */
  readonly note: string;
  readonly meets: boolean;
}

const names = (keep: (operation: (typeof operations)[number]) => boolean) =>
  operations.filter(keep).map(({ name }) => name);

const EVERY = operations.map(({ name }) => name);
const BACKWARD = ["argmax", "softmaxBackward", "logSoftmaxBackward"];
const EXPONENTIAL = names(({ name, work }) => work === "exp" && name !== "sigmoidCrossEntropy");
/** nllLoss has nothing to compute: its large batches are to be level with JavaScript, small ones can't be ahead. */
const WITH_PLACE = names(({ name, result, form }) => form === "rows" && result !== "fresh" && name !== "nllLoss");
const FUSED = ["softmax", "logSoftmax", "softmaxCrossEntropy"];

/** The targets were set with one case of classes that lie across; the others are in the tables, and among what is lost. */
const isAcross = ({ shape }: Result) => shape === ACROSS;
const liesOtherwise = ({ shape }: Result) => shape.includes("/") && shape !== ACROSS;
const isSmall = ({ shape }: Result) => shape === "1x10" || shape === "32x10";
const isLarge = (result: Result) => result.elements >= 32_000 && !liesOtherwise(result);
const isLargeRow = (result: Result) => isLarge(result) && !isAcross(result);
const oneOf =
  (...shapes: string[]) =>
  (result: Result) =>
    shapes.includes(result.shape);

/** Times as fast as the fastest of `rivals`, both in the same place. */
function against(placement: Placement, rivals: (timing: Timing) => boolean): Target["ratio"] {
  return (result, backend) => {
    const own = timingOf(result, backend, placement);
    const times = result.timings.filter((t) => t.placement === placement && rivals(t)).map(({ ns }) => ns);
    return own && times.length > 0 ? Math.min(...times) / own.ns : undefined;
  };
}

const JAVASCRIPT = against("foreign", ({ kind }) => kind === "javascript");
const WASM = against("foreign", ({ kind }) => kind === "wasm");
const NATIVE = against("resident", ({ kind }) => kind === "native");

/** The worse of both places. */
const ANY_PEER: Target["ratio"] = (result, backend) => {
  const both = PLACEMENTS.map((placement) => against(placement, ({ kind }) => isPeer(kind))(result, backend));
  const known = both.filter((ratio) => ratio !== undefined);
  return known.length > 0 ? Math.min(...known) : undefined;
};

const simdAndRelaxed = (simd20: number, simd24: number, relaxed: number): Target["on"] => [
  ["Node 20", "simd", simd20],
  ["Node 24", "simd", simd24],
  ["Node 24", "relaxed", relaxed],
];
const everywhere = (bound: number) => simdAndRelaxed(bound, bound, bound);

const least = (
  against: string,
  operations: readonly string[],
  on: Target["on"],
  shapes: Target["shapes"],
  ratio: Target["ratio"],
): Target => ({ against, operations, on, shapes, ratio, sense: "least" });

const JS_LARGE = "plain JavaScript, foreign, 32x1000 and larger";
const WASM_LARGE = "best wasm peer, foreign, 32x1000 and larger";
const NATIVE_LARGE = "onnxruntime-node, resident, 32x1000 and larger";
const relaxed24 = (bound: number): Target["on"] => [["Node 24", "relaxed", bound]];

const TARGETS: readonly Target[] = [
  least(JS_LARGE, EXPONENTIAL, simdAndRelaxed(8, 10, 10), isLarge, JAVASCRIPT),
  least(JS_LARGE, ["sigmoidCrossEntropy"], everywhere(12), isLarge, JAVASCRIPT),
  least(JS_LARGE, BACKWARD, everywhere(3), isLarge, JAVASCRIPT),
  least(JS_LARGE, ["nllLoss"], everywhere(0.95), isLarge, JAVASCRIPT),
  least("plain JavaScript, foreign, 32x10", WITH_PLACE, everywhere(3), oneOf("32x10"), JAVASCRIPT),
  least("plain JavaScript, foreign, 1x10", WITH_PLACE, everywhere(1.5), oneOf("1x10"), JAVASCRIPT),
  least(WASM_LARGE, ["softmax", "sigmoid"], simdAndRelaxed(1.2, 1.2, 1.7), isLargeRow, WASM),
  least(WASM_LARGE, ["logSoftmax"], everywhere(2), isLargeRow, WASM),
  least(WASM_LARGE, ["logSumExp"], everywhere(5), isLargeRow, WASM),
  least(WASM_LARGE, ["softmaxCrossEntropy"], everywhere(4), isLargeRow, WASM),
  least(WASM_LARGE, ["sigmoidCrossEntropy"], everywhere(6), isLarge, WASM),
  least("best wasm peer, foreign, axis 1", ["softmax", "logSoftmax", "logSumExp"], everywhere(3), isAcross, WASM),
  least(
    "any peer, 32x10 and smaller",
    ["softmax", "logSoftmax", "logSumExp", "softmaxCrossEntropy"],
    everywhere(5),
    isSmall,
    ANY_PEER,
  ),
  least(NATIVE_LARGE, ["softmax", "logSoftmax", "sigmoid"], relaxed24(1), isLargeRow, NATIVE),
  least(NATIVE_LARGE, ["logSumExp", "sigmoidCrossEntropy"], relaxed24(2), isLargeRow, NATIVE),
  least(NATIVE_LARGE, ["softmaxCrossEntropy"], relaxed24(1.3), isLargeRow, NATIVE),
  least("onnxruntime-node, resident, axis 1", ["softmax", "logSoftmax", "logSumExp"], relaxed24(2), isAcross, NATIVE),
  least(
    "onnxruntime-node, resident, 32x10 and smaller",
    ["softmax", "logSoftmax", "logSumExp", "softmaxCrossEntropy"],
    relaxed24(10),
    isSmall,
    NATIVE,
  ),
  {
    against: "the limit, resident, 32x1000 and 128x1000",
    operations: FUSED,
    on: everywhere(1.2),
    sense: "most",
    shapes: oneOf("32x1000", "128x1000"),
    ratio: (result, backend) => limitOf(result, backend, "resident"),
  },
];

/** What the records say of every target. */
export function judge(records: readonly RunRecord[]): Verdict[] {
  const verdicts = TARGETS.flatMap((target) =>
    target.on.flatMap(([engine, backend, bound]) =>
      target.operations.map((operation) => judgeOne(target, records, engine, backend, bound, operation)),
    ),
  );
  return [...verdicts, ...judgeEngines(records)];
}

function judgeOne(
  { against, sense, shapes, ratio }: Target,
  records: readonly RunRecord[],
  engine: string,
  backend: string,
  bound: number,
  operation: string,
): Verdict {
  const about = { against, operation, engine, backend, sense, bound };
  const own = records.filter(({ machine, sideBySide }) => !sideBySide && machine.engine.startsWith(`${engine}.`));
  if (own.length === 0) return { ...about, meets: false, note: `${engine} was not run` };
  let worst: { ratio: number; note: string } | undefined;
  for (const result of own.flatMap(({ results }) => results)) {
    if (result.operation !== operation || !shapes(result)) continue;
    const value = ratio(result, backend);
    if (value === undefined) continue;
    if (worst && (sense === "least" ? value >= worst.ratio : value <= worst.ratio)) continue;
    worst = { ratio: value, note: `${result.shape} ${result.spread}` };
  }
  if (!worst) return { ...about, meets: false, note: whyNot(own, against, backend) };
  return { ...about, ...worst, meets: sense === "least" ? worst.ratio >= bound : worst.ratio <= bound };
}

function whyNot(records: readonly RunRecord[], against: string, backend: string): string {
  const missing = records.map((record) => record.missing[backend]).find(Boolean);
  if (missing) return missing;
  const peers = /peer|onnxruntime/.test(against) && records.every(({ versions }) => Object.keys(versions).length === 1);
  return peers ? "bench/peers was not run (npm run bench:peers installs it)" : "no such case was run";
}

const LARGEST_GAP = 1.3;

/** No operation more than so much slower on one engine's newest version than on another's. */
function judgeEngines(records: readonly RunRecord[]): Verdict[] {
  const newest = newestOf(records);
  const about = {
    against: "engines' newest versions with each other, resident",
    engine: newest.map(({ machine }) => machine.engine.split(/[ .]/).slice(0, 2).join(" ")).join(", "),
    backend: "simd",
    sense: "most" as const,
    bound: LARGEST_GAP,
  };
  return EVERY.map((operation): Verdict => {
    const gap = gapOf(newest, operation);
    if (!gap) return { ...about, operation, meets: false, note: "fewer than two of them were run side by side" };
    const { ratio, slowest, fastest } = gap;
    return { ...about, operation, ratio, note: `${slowest} against ${fastest}`, meets: ratio <= LARGEST_GAP };
  });
}
