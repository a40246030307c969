import type { FloatBatch } from "../batch.js";
import type { Context } from "../context.js";
import { COST, type Operation } from "../costs.js";
import { ResidentBatch } from "../resident.js";

/**
 * Where a call is computed. What is small costs no more than on one thread: a foreign batch that is not worth sharing keeps
 * away from the shared memory, since copies to and from it are 1.5 to 3 times slower, and a resident one from the kernels
 * that are spread. The limits are nanoseconds of work.
 */
export function choose(
  { worthWaking, worthSharing }: { worthWaking: number; worthSharing: number },
  operation: Operation,
  x: FloatBatch | undefined,
  own: Context,
  local: Context | undefined,
): Context {
  if (worthWaking === 0) return own;
  const work = ((x as { length?: number } | undefined)?.length ?? Infinity) * COST[operation];
  if (work >= worthWaking || own.arena.held?.some) return own;
  if (x instanceof ResidentBatch) return work < worthSharing ? own.alone : own;
  return local ?? own;
}
