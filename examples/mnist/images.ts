// Images as rows of numbers from 0 (black) to 1.

import { type Digits, PIXELS } from "./digits.js";

/** Images with what they show. */
export interface Labelled {
  readonly count: number;
  /** count × PIXELS */
  readonly images: Float32Array;
  readonly labels: Int32Array;
}

export function labelled({ count, pixels, labels }: Digits): Labelled {
  const images = new Float32Array(pixels.length);
  for (let i = 0; i < pixels.length; i++) images[i] = pixels[i] / 255;
  return { count, images, labels };
}

/** The digits that show one of two classes; the labels become 0 and 1. */
export function only({ images, labels }: Labelled, classes: readonly [number, number]): Labelled {
  const which = Array.from(labels.keys()).filter((i) => classes.includes(labels[i]));
  const some = new Float32Array(which.length * PIXELS);
  which.forEach((from, to) => {
    some.set(images.subarray(from * PIXELS, (from + 1) * PIXELS), to * PIXELS);
  });
  return { count: which.length, images: some, labels: Int32Array.from(which, (i) => classes.indexOf(labels[i])) };
}
