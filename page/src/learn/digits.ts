// The packed digits, unpacked. Images are lists of the pixels that aren't black: four in five are, and a black pixel adds
// nothing to a logit and gets nothing of a gradient.

import { test, training, url } from "virtual:digits";

export const SIDE = 28;
export const PIXELS = SIDE * SIDE;
export const CLASSES = 10;

export interface Digits {
  readonly count: number;
  /** One byte a pixel, 0 to 15. */
  readonly pixels: Uint8Array;
  readonly labels: Int32Array;
  /** Image i has the entries start[i] to start[i + 1], not included. */
  readonly start: Uint32Array;
  /** Which pixel an entry is, and how bright from 0 to 1. */
  readonly pixel: Uint16Array;
  readonly value: Float32Array;
}

export async function fetchDigits(): Promise<{ training: Digits; test: Digits }> {
  const response = await fetch(url);
  if (!response.body) throw new Error("The digits can't be had.");
  const stream = response.body.pipeThrough(new DecompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const images = ((training + test) * PIXELS) / 2;
  const part = (from: number, count: number) =>
    toDigits(
      bytes.subarray((from * PIXELS) / 2, ((from + count) * PIXELS) / 2),
      bytes.subarray(images + from, images + from + count),
    );
  return { training: part(0, training), test: part(training, test) };
}

function toDigits(packed: Uint8Array, labels: Uint8Array): Digits {
  const count = labels.length;
  const pixels = new Uint8Array(count * PIXELS);
  for (let i = 0; i < packed.length; i++) {
    pixels[2 * i] = packed[i] >> 4;
    pixels[2 * i + 1] = packed[i] & 15;
  }
  const entries = pixels.reduce((total, brightness) => total + (brightness > 0 ? 1 : 0), 0);
  const start = new Uint32Array(count + 1);
  const pixel = new Uint16Array(entries);
  const value = new Float32Array(entries);
  for (let i = 0, entry = 0; i < pixels.length; i++) {
    if (pixels[i] > 0) {
      pixel[entry] = i % PIXELS;
      value[entry++] = pixels[i] / 15;
    }
    if (i % PIXELS === PIXELS - 1) start[(i + 1) / PIXELS] = entry;
  }
  return { count, pixels, labels: Int32Array.from(labels), start, pixel, value };
}
