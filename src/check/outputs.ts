import { ResidentBatch } from "../resident.js";

/** The results of a call as lists under their names. */

/** A result as a list. */
export function listOf(values: unknown): ArrayLike<number> {
  if (values instanceof ResidentBatch) return values.data;
  return typeof values === "number" ? [values] : (values as ArrayLike<number>);
}

/** The outputs of a call by name; those that weren't asked for are left out. */
export function outputsOf(result: unknown): [string, ArrayLike<number>][] {
  const alone = typeof result === "number" || ArrayBuffer.isView(result) || result instanceof ResidentBatch;
  const outputs = Object.entries(alone ? { out: result } : (result as object));
  return outputs
    .filter(([, values]) => values !== undefined)
    .flatMap(([name, values]) =>
      isNamed(values)
        ? Object.entries(values).map(([part, value]): [string, ArrayLike<number>] => [`${name}.${part}`, listOf(value)])
        : [[name, listOf(values)] as [string, ArrayLike<number>]],
    );
}

/** Whether these are several results under names: the gradients of a linear layer. */
export function isNamed(values: unknown): values is Record<string, unknown> {
  const plainObject = typeof values === "object" && values !== null && !ArrayBuffer.isView(values);
  return plainObject && !Array.isArray(values) && !(values instanceof ResidentBatch);
}

/** The output of a name; empty if it wasn't asked for. */
export function listAt(outputs: readonly [string, ArrayLike<number>][], name: string): ArrayLike<number> {
  return outputs.find(([output]) => output === name)?.[1] ?? [];
}
