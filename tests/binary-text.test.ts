import { expect, it } from "vitest";
import { decode } from "../src/binaries/text.js";
import { encode } from "../tools/binary-text.mjs";
import { binaryOf } from "./support/backends.js";

it("text gives back every byte, beside every other", () => {
  const bytes = Uint8Array.from({ length: 2 ** 17 }, (_, i) => (i & 1 ? i >> 9 : i >> 1));
  expect(decode({ length: bytes.length, text: encode(bytes) })).toEqual(bytes);
  expect(decode({ length: 0, text: "" })).toEqual(new Uint8Array(0));
});

it("text needs no escape in a string literal, and is shorter than base64", () => {
  const binary = binaryOf("simd");
  const text = encode(binary);
  expect(text).toMatch(/^[!#-[\]-~]*$/);
  expect(JSON.stringify(text).length - 2).toBe(text.length);
  expect(text.length).toBeLessThan((binary.length * 4) / 3);
});
