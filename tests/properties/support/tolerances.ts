import { expect } from "vitest";
import { list, ulp, type Values } from "../../support/ulp.js";

/** One side's share in an identity: so many ULP of each of these units. */
export interface Share {
  readonly bound: number;
  readonly units: Values;
}

export function share(bound: number, units: Values): Share {
  return { bound, units };
}

/** What the shares allow for element i. */
function allowed(shares: readonly Share[], i: number): number {
  return shares.reduce((total, { bound, units }) => total + bound * ulp(list(units)[i]), 0);
}

/** Fails unless both sides are as near to each other as the bounds of what they are made of allow. */
export function expectEqual(left: Values, right: Values, shares: readonly Share[], what: string): void {
  const [a, b] = [list(left), list(right)];
  expect(a.length, `${what}: lengths`).toBe(b.length);
  for (let i = 0; i < a.length; i++) {
    if (a[i] === b[i]) continue;
    const tolerance = allowed(shares, i);
    const difference = Math.abs(a[i] - b[i]);
    if (!(difference <= tolerance)) {
      expect.fail(`${what}: element ${i} is ${a[i]} and ${b[i]}, ${difference} apart; ${tolerance} is allowed`);
    }
  }
}
