// What is measured: batches of so many rows, of so many classes each; and for how long.

import type { Effort } from "../../../build/programs/src/cli/measure.js";

export const ROWS = 16;
export const COLUMNS = [4, 10, 32, 100, 320, 1000, 3200, 10_000, 32_000] as const;

/** Rounds are long: a page's clock is coarse. */
export const EFFORT: Effort = { rounds: 11, roundTime: 8, warmupTime: 40 };
