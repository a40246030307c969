import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { decode } from "../src/binaries/text.js";
import { unpack } from "../src/binaries/unpack.js";
import { encode } from "../tools/binary-text.mjs";
import { pack } from "../tools/pack-wasm.mjs";
import { binaryOf } from "./support/backends.js";

it("text gives back every byte, beside every other", () => {
  const bytes = Uint8Array.from({ length: 2 ** 17 }, (_, i) => (i & 1 ? i >> 9 : i >> 1));
  expect(decode(encode(bytes), bytes.length)).toEqual(bytes);
  expect(decode("", 0)).toEqual(new Uint8Array(0));
});

it("text needs no escape in a string literal, and is shorter than base64", () => {
  const binary = binaryOf("simd");
  const text = encode(binary);
  expect(text).toMatch(/^[!#-[\]-~]*$/);
  expect(JSON.stringify(text).length - 2).toBe(text.length);
  expect(text.length).toBeLessThan((binary.length * 4) / 3);
});

it.each(["simd", "relaxed", "simd-shared", "relaxed-shared"])("%s.wasm comes out of its pack byte for byte", (name) => {
  const binary = readFileSync(`build/${name}.wasm`);
  const { length, streams, bytes } = pack(binary);
  expect(unpack({ length, streams, text: encode(bytes) })).toEqual(new Uint8Array(binary));
  expect(gzipSync(encode(bytes)).length).toBeLessThan(0.9 * gzipSync(binary).length);
});

it("packing refuses an instruction it doesn't know, rather than mistake its operands", () => {
  const body = [0, 0x06, 0x0b]; // the opcode 6 is none
  const module = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 10, body.length + 2, 1, body.length, ...body];
  expect(() => pack(Uint8Array.from(module))).toThrow("opcode 6");
});
