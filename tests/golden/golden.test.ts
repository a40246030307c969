import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Xentropy } from "../../src/kernels.js";
import { BACKENDS } from "../support/backends.js";
import { CASES, hashOf } from "./cases.js";
import { Hash } from "./inputs.js";

const golden: Record<string, string> = JSON.parse(readFileSync(new URL("golden.json", import.meta.url), "utf8"));

describe.each(BACKENDS.filter(({ name }) => name !== "relaxed"))("golden hashes on $name", (backend) => {
  it.each(CASES.map((given) => [given.name, given] as const))("%s", (name, given) => {
    expect(hashOf(given, backend.k), "bits have changed: if they should, npm run golden -- --write").toBe(golden[name]);
  });
});

it("golden.json holds the cases and no others, each under a name of its own", () => {
  expect(Object.keys(golden)).toEqual(CASES.map(({ name }) => name));
});

it("every method has a golden case", () => {
  const methods = Object.entries(Object.getOwnPropertyDescriptors(Xentropy.prototype))
    .filter(([name, { value }]) => typeof value === "function" && name !== "constructor" && name !== "dispose")
    .map(([name]) => name);
  const covered = new Set(CASES.map(({ name }) => name.split(/[ :]/, 1)[0]));
  expect(methods.filter((name) => !covered.has(name))).toEqual([]);
});

it("the hash sees one bit, a length, a missing part and the sign of zero, and no payload of a NaN", () => {
  const hash = (output: unknown) => new Hash().add(output).toString();
  const nans = new Float32Array(Int32Array.of(0x7fc00001, -1).buffer);
  const hashes = [[], [0], [-0], [0, 0], [2 ** -149], Int32Array.of(1), undefined, { a: [0], b: undefined }].map((x) =>
    hash(x),
  );
  expect(new Set(hashes).size).toBe(hashes.length - 1);
  expect(hash(Int32Array.of(1))).toBe(hash([2 ** -149]));
  expect(hash(nans)).toBe(hash([Number.NaN, Number.NaN]));
});
