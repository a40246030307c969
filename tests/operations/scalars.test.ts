import { describe, it } from "vitest";
import { AxisError } from "../../src/index.js";
import { describeEachBackend } from "../support/backends.js";
import { expectRefused } from "../support/refusals.js";
import { expectRight, optionsOf, run } from "./support/operation.js";
import { OPERATIONS } from "./support/operations.js";

const SCALAR = { shape: [], axis: -1 };
const named = (works: string) =>
  OPERATIONS.filter((operation) => operation.works === works).map((operation) => [operation.name, operation] as const);

describeEachBackend("a batch of one number, of shape [],", (backend) => {
  describe.each(named("on elements"))("is right for %s", (_, operation) => {
    it.each(operation.variants)("%s", (...variant) => {
      for (let seed = 0; seed < 8; seed++) {
        expectRight(
          backend.k,
          operation,
          operation.operands(SCALAR, seed),
          optionsOf(operation, variant, SCALAR, seed),
        );
      }
    });
  });

  it.each(named("along an axis"))("has no axis for %s", (_, operation) => {
    const operands = operation.operands({ shape: [1], axis: 0 }, 1);
    expectRefused(backend.k, AxisError, "AXIS", (k) => run(k, operation, operands, { shape: [] }));
  });
});
