import { expect, it } from "vitest";
import { mirror } from "./mirror.js";

it("js has every kernel of the binary, and no other", () => {
  const exported = Object.keys(mirror.simd).filter((name) => name !== "memory");
  expect(Object.keys(mirror.js).sort()).toEqual(exported.sort());
});
