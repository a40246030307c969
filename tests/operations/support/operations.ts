import { CROSS_ENTROPY_OPERATIONS } from "./cross-entropy-operations.js";
import { DIVERGENCE_OPERATIONS } from "./divergence-operations.js";
import { ELEMENT_OPERATIONS } from "./element-operations.js";
import type { Operation } from "./operation.js";
import { SOFTMAX_OPERATIONS } from "./softmax-operations.js";

/** Every operation. A new one is a row of its family, a new option a variant of the row. */
export const OPERATIONS: readonly Operation[] = [
  ...SOFTMAX_OPERATIONS,
  ...CROSS_ENTROPY_OPERATIONS,
  ...ELEMENT_OPERATIONS,
  ...DIVERGENCE_OPERATIONS,
];

/** For `describe.each`: the name first. */
export const NAMED_OPERATIONS = OPERATIONS.map((operation) => [operation.name, operation] as const);

/** An operation with each of its variants, for `it.each`. */
export const VARIANTS = OPERATIONS.flatMap((operation) =>
  operation.variants.map((variant) => [operation.name, variant[0], operation, variant] as const),
);

/** The operation of a name. */
export function operationOf(name: string): Operation {
  const found = OPERATIONS.find((operation) => operation.name === name);
  if (!found) throw new Error(`there is no operation ${name}`);
  return found;
}
