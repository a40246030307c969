import type { Settings } from "../../src/threads/pool.js";

/** Threads with these share every batch, however small, in shares as small as can be; a loaded machine may take its time. */
export const EAGER: Partial<Settings> = {
  worthSharing: 0,
  worthWaking: 0,
  share: 1,
  copiedShare: 1,
  spin: 1,
  patience: Infinity,
  deadline: 60_000,
};
