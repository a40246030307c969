// A digit that was misread: its picture, and the probabilities of all ten as bars.

import { make } from "../dom.js";
import { SIDE } from "./digits.js";
import type { Misread } from "./worker.js";

export function misreadFigure({ pixels, label, probabilities }: Misread): HTMLElement {
  const canvas = make("canvas", { width: String(SIDE), height: String(SIDE), "aria-hidden": "true" });
  const image = new ImageData(SIDE, SIDE);
  // Ink on nothing: the style sheet says what colour the paper and, by inverting it in the dark, the ink has.
  for (let i = 0; i < pixels.length; i++) image.data[4 * i + 3] = pixels[i] * 17;
  canvas.getContext("2d")?.putImageData(image, 0, 0);
  const read = probabilities.indexOf(Math.max(...probabilities));
  const bars = make("div", { class: "tiny-bars", "aria-hidden": "true" });
  for (let c = 0; c < probabilities.length; c++) {
    const kind = c === label ? "truth" : c === read ? "taken" : "";
    const bar = make("span", { class: kind, style: `--share: ${probabilities[c]}` });
    bars.append(make("span", { class: "tiny-bar" }, bar, make("small", {}, String(c))));
  }
  const percent = (c: number) => `${(100 * probabilities[c]).toFixed(0)}\u00a0%`;
  const caption = make(
    "figcaption",
    {},
    make("b", { class: "truth" }, String(label)),
    ` (${percent(label)}) read as `,
    make("b", { class: "taken" }, String(read)),
    ` (${percent(read)})`,
  );
  return make("figure", { class: "misread" }, make("div", { class: "misread-picture" }, canvas, bars), caption);
}
