import { BLOCK } from "./backend/backend.js";
import type { Layout } from "./batch.js";

/**
 * Whether a batch is computed across its positions: its class axis is not the last, and its classes are one block. Many slabs
 * of few numbers are turned into rows instead, which takes 0.3 to 0.8 times as long.
 */
export function goesAcross({ outer, classes, inner }: Layout): boolean {
  const few = outer > 1 && classes * inner < (inner < 4 ? 1000 : 100);
  return inner > 1 && classes > 0 && classes <= BLOCK && !few;
}
