import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { expect, it, vi } from "vitest";
import { unpack } from "../src/binaries/unpack.js";
import { encode } from "../tools/binary-text.mjs";
import { pack } from "../tools/pack-wasm.mjs";
import { binaryOf } from "./support/backends.js";

/** A module of one function with this body, and of bytes that mean nothing behind it. */
function moduleOf(body: readonly number[], behind: readonly number[] = []): Uint8Array {
  const leb = (n: number): number[] => (n < 128 ? [n] : [(n & 127) | 128, ...leb(n >>> 7)]);
  const code = [1, ...leb(body.length), ...body];
  return Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 10, ...leb(code.length), ...code, ...behind]);
}

it.each(["simd", "relaxed", "simd-shared", "relaxed-shared"] as const)("%s.wasm comes out of its pack", (name) => {
  const binary = binaryOf(name);
  expect(unpack(encode(pack(binary)))).toEqual(binary);
});

it.each([0, 1, 124, 125, 126, 127, 128, 16_380, 16_381, 16_382, 20_000])("a function of %i nops comes out", (nops) => {
  const module = moduleOf([0, ...Array(nops).fill(1), 0x0b]);
  expect(unpack(encode(pack(module)))).toEqual(module);
});

it("every byte comes out, beside every other", () => {
  const bytes = Array.from({ length: 2 ** 17 }, (_, i) => (i & 1 ? i >> 9 : i >> 1) & 255);
  const module = moduleOf([0, 0x0b], [0, 0x80, 0x80, 8, ...bytes]);
  expect(unpack(encode(pack(module)))).toEqual(module);
});

it("a binary comes out where there is neither `atob` nor `TextEncoder`, as in audio worklets", () => {
  const binary = binaryOf("simd");
  const packed = encode(pack(binary));
  vi.stubGlobal("atob", undefined);
  vi.stubGlobal("TextEncoder", undefined);
  try {
    expect(unpack(packed)).toEqual(binary);
  } finally {
    vi.unstubAllGlobals();
  }
});

it("a pack needs no escape in a string literal, and costs less after gzip than the binary's bytes", () => {
  const text = encode(pack(binaryOf("simd")));
  expect(text).toMatch(/^[!#-[\]-~]*$/);
  expect(JSON.stringify(text).length - 2).toBe(text.length);
  expect(gzipSync(text).length).toBeLessThan(0.9 * gzipSync(readFileSync("build/simd.wasm")).length);
});

it("packing refuses an instruction it doesn't know, rather than mistake its operands", () => {
  expect(() => pack(moduleOf([0, 0x06, 0x0b]))).toThrow("opcode 6");
});
