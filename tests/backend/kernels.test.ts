import { expect, it } from "vitest";
import { mirror } from "./mirror.js";

/** ThreadKernels: what threads need besides. */
const OF_THREADS = ["append"];

it("js has every kernel of the binary but those that threads need, and no other", () => {
  const others = ["memory", ...OF_THREADS];
  expect(Object.keys(mirror.simd)).toEqual(expect.arrayContaining(others));
  const exported = Object.keys(mirror.simd).filter((name) => !others.includes(name));
  expect(Object.keys(mirror.js).sort()).toEqual(exported.sort());
});
