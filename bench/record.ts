// What a run leaves behind: plain JSON, from which every table, plot and verdict is made.

import type { Machine } from "./machine.js";
import type { Effort } from "./measure.js";
import type { Spread } from "./problems.js";

export type Placement = "foreign" | "resident";
export const PLACEMENTS: readonly Placement[] = ["foreign", "resident"];

/** What rivals are: a peer is wasm, native code or JavaScript. */
export type Kind = "javascript" | "xentropy" | "wasm" | "native" | "plain";

/** Whether it is somebody else's library. */
export function isPeer(kind: Kind): boolean {
  return kind === "wasm" || kind === "native" || kind === "plain";
}

export interface Timing {
  /** "JavaScript", a backend, or a peer. */
  readonly name: string;
  readonly kind: Kind;
  readonly placement: Placement;
  /** Nanoseconds of a call: the median of the rounds. */
  readonly ns: number;
  /** Nanoseconds of a call in each round. */
  readonly rounds: readonly number[];
  /** How its result misses the reference's by more than 1e-5, if it does. */
  readonly differs?: string;
}

export interface Result {
  readonly operation: string;
  /** "32x1000"; "8x64x4096/1" where the class axis is not the last; "100000". */
  readonly shape: string;
  readonly elements: number;
  readonly spread: Spread;
  readonly timings: readonly Timing[];
  /** Nanoseconds an element of each pass of the limit, by backend. */
  readonly passes: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

export interface RunRecord {
  readonly machine: Machine;
  readonly effort: Effort;
  /** Whether engines took turns, so that their rounds stand beside each other. */
  readonly sideBySide?: boolean;
  /** When it began, ISO 8601. */
  readonly date: string;
  /** Versions of what was measured. */
  readonly versions: Readonly<Record<string, string>>;
  /** What could not be measured, and why. */
  readonly missing: Readonly<Record<string, string>>;
  readonly results: readonly Result[];
}

/** Sorted quantile with linear interpolation. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const below = Math.floor(at);
  const above = Math.ceil(at);
  return sorted[below] + (sorted[above] - sorted[below]) * (at - below);
}

/** How many times faster a is than b: the ratio of their medians. */
export function speedup(a: Timing, b: Timing): number {
  return b.ns / a.ns;
}

export function timingOf(result: Result, name: string, placement: Placement): Timing | undefined {
  return result.timings.find((timing) => timing.name === name && timing.placement === placement);
}

/**
 * One record an engine, and one of it side by side with others, of all their parts; of a case that was measured twice the
 * later result.
 */
export function merge(parts: readonly RunRecord[]): RunRecord[] {
  const byEngine = new Map<string, RunRecord[]>();
  for (const part of parts) {
    const key = `${part.machine.engine} ${part.sideBySide ?? false}`;
    byEngine.set(key, [...(byEngine.get(key) ?? []), part]);
  }
  return [...byEngine.values()].map((records) => ({
    ...records[0],
    versions: Object.assign({}, ...records.map(({ versions }) => versions)),
    missing: Object.assign({}, ...records.map(({ missing }) => missing)),
    results: latest(records.flatMap(({ results }) => results)),
  }));
}

function latest(results: readonly Result[]): Result[] {
  return [...new Map(results.map((r) => [`${r.operation} ${r.shape} ${r.spread}`, r])).values()];
}
