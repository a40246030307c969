// All that the processes say to each other: kilobytes, however large the vocabulary.

import { createHash } from "node:crypto";
import type { StateData } from "xentropy";

/** To a shard: which classes are its own. */
export interface Begin {
  readonly kind: "begin";
  readonly from: number;
  readonly to: number;
}

/** From a shard: the log-sum-exp of its logits, and the labels' logits where it has them. */
export interface Summed {
  readonly kind: "summed";
  readonly state: StateData;
  readonly labelLogits: readonly (number | null)[];
}

/** To all shards: the log-sum-exp of all logits. */
export interface Merged {
  readonly kind: "merged";
  readonly state: StateData;
}

/** From a shard: its share of the mean loss, and the digest of its gradient, which stays where it is needed. */
export interface Finished {
  readonly kind: "finished";
  readonly loss: number;
  readonly gradient: string;
}

/** Two arrays have the same digest only if they have the same bits. */
export function digest(values: Float32Array): string {
  return createHash("sha256")
    .update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
    .digest("hex");
}
