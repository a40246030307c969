import type { Options } from "./operation.js";

/** Values that each option may have; undefined for none. */
export type Pools = Readonly<Record<string, readonly unknown[]>>;

/** Every combination of values, one of each pool; options that are undefined are left out. */
export function combinations(pools: Pools): Options[] {
  let all: Options[] = [{}];
  for (const [name, values] of Object.entries(pools)) {
    all = all.flatMap((options) =>
      values.map((value) => (value === undefined ? options : { ...options, [name]: value })),
    );
  }
  return all;
}

/** Every so many-th of a list: with a stride that shares no factor with the pools' sizes, each value is met with each. */
export function everyNth<T>(list: readonly T[], stride: number): T[] {
  return list.filter((_, i) => i % stride === 0);
}

/** Reductions, with the upstream gradients that each takes; `losses` is how many losses there are. */
export function reductions(losses: number): Options[] {
  const each = Float32Array.from({ length: losses }, (_, i) => 1.5 - i);
  return [
    {},
    { gradOutput: -1.75 },
    { reduction: "mean", gradOutput: 0 },
    { reduction: "sum" },
    { reduction: "sum", gradOutput: 3 },
    { reduction: "none" },
    { reduction: "none", gradOutput: 0.3 },
    { reduction: "none", gradOutput: each },
  ];
}
