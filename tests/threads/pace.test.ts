import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Pace } from "../../src/threads/pace.js";

/** Times in milliseconds, work in nanoseconds. */
const SETTINGS = {
  worthSharing: 10_000,
  worthWaking: 60_000,
  share: 2_000,
  copiedShare: 8_000,
  spin: 0.1,
  patience: 0.5,
};
const LARGE = 1e6;
const SHARES = 10;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
  vi.advanceTimersByTime(1000);
});
afterEach(() => vi.useRealTimers());

/** A job that takes so many milliseconds, and whose shares would take the caller `alone`. */
function doJob(pace: Pace, { alone, took, copies = false }: { alone: number; took: number; copies?: boolean }): void {
  pace.begin();
  pace.took(alone / SHARES, 1);
  vi.advanceTimersByTime(took);
  pace.end(SHARES, copies);
}

/** How long the caller works alone from now on. */
function pauseOf(pace: Pace): number {
  let milliseconds = 0;
  for (; !pace.worth(LARGE, true); milliseconds++) vi.advanceTimersByTime(1);
  return milliseconds;
}

describe("work is shared", () => {
  it("with workers that are awake, and with those that sleep if it is worth waking them", () => {
    const pace = new Pace(SETTINGS);
    expect(pace.worth(SETTINGS.worthSharing, true)).toBe(true);
    expect(pace.worth(SETTINGS.worthWaking, false)).toBe(true);
    expect(pace.worth(SETTINGS.worthWaking - 1, false)).toBe(false);
  });

  it("where pieces that follow each other add up", () => {
    const pace = new Pace(SETTINGS);
    expect([1, 2, 3, 4].map(() => pace.worth(SETTINGS.worthWaking / 2, false))).toEqual([false, false, false, true]);
    vi.advanceTimersByTime(1);
    expect(pace.worth(SETTINGS.worthWaking / 2, false)).toBe(false);
  });
});

describe("the caller", () => {
  it("shares as long as that gains", () => {
    const pace = new Pace(SETTINGS);
    for (let i = 0; i < 100; i++) doJob(pace, { alone: 4, took: 3 });
    expect(pauseOf(pace)).toBe(0);
  });

  it("works alone ten times as long as it has lost", () => {
    const pace = new Pace(SETTINGS);
    doJob(pace, { alone: 2, took: 4 });
    expect(pauseOf(pace)).toBe(20);
    doJob(pace, { alone: 2, took: 5 });
    expect(pauseOf(pace)).toBe(30);
  });

  it("works alone for a second at most", () => {
    const pace = new Pace(SETTINGS);
    doJob(pace, { alone: 1, took: 5000 });
    expect(pauseOf(pace)).toBe(1000);
  });

  it("may lose what it has gained, 5 ms at most", () => {
    const pace = new Pace(SETTINGS);
    for (let i = 0; i < 100; i++) doJob(pace, { alone: 4, took: 2 });
    doJob(pace, { alone: 2, took: 7 });
    expect(pauseOf(pace)).toBe(0);
    doJob(pace, { alone: 2, took: 3 });
    expect(pauseOf(pace)).toBeGreaterThan(0);
  });

  it("would take twice as long alone where copies go along", () => {
    const pace = new Pace(SETTINGS);
    doJob(pace, { alone: 2, took: 4, copies: true });
    expect(pauseOf(pace)).toBe(0);
    doJob(pace, { alone: 2, took: 5, copies: true });
    expect(pauseOf(pace)).toBeGreaterThan(0);
  });
});
