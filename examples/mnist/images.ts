// Images as lists of the pixels that aren't black. Four in five are, and a black pixel adds nothing to a logit and gets
// nothing of a gradient.

import { type Digits, PIXELS } from "./digits.js";

export interface Images {
  readonly count: number;
  /** Image i has the entries start[i] to start[i + 1], not included. */
  readonly start: Uint32Array;
  /** Which pixel an entry is. */
  readonly pixel: Uint16Array;
  /** How bright it is, from 0 to 1. */
  readonly value: Float32Array;
}

export function toImages({ count, pixels }: Digits): Images {
  let entries = 0;
  for (const brightness of pixels) if (brightness > 0) entries++;
  const start = new Uint32Array(count + 1);
  const pixel = new Uint16Array(entries);
  const value = new Float32Array(entries);
  let entry = 0;
  for (let image = 0, at = 0; image < count; image++) {
    for (let p = 0; p < PIXELS; p++, at++) {
      if (pixels[at] === 0) continue;
      pixel[entry] = p;
      value[entry++] = pixels[at] / 255;
    }
    start[image + 1] = entry;
  }
  return { count, start, pixel, value };
}
