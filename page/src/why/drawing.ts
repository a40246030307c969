// A distribution that is drawn: a bar a bin, pulled up and down with a pointer, or with the arrow keys where it has focus.

import { decimal, make } from "../dom.js";

export interface Drawing {
  /** What was drawn, a weight from 0 to 1 a bin. */
  readonly weights: Float32Array;
  /** Says what the weights come to as probabilities. */
  show(probabilities: ArrayLike<number>): void;
}

const STEP = 0.05;

export function drawing(place: HTMLElement, name: string, start: readonly number[], changed: () => void): Drawing {
  const weights = Float32Array.from(start);
  const bars = start.map((_, i) => {
    const bar = make("div", {
      class: "draw-bar",
      role: "slider",
      tabindex: "0",
      "aria-label": `${name}, bin ${i + 1}`,
      "aria-valuemin": "0",
      "aria-valuemax": "1",
      "aria-orientation": "vertical",
    });
    bar.addEventListener("keydown", (event) => {
      const change = {
        ArrowUp: STEP,
        ArrowRight: STEP,
        ArrowDown: -STEP,
        ArrowLeft: -STEP,
        PageUp: 0.25,
        PageDown: -0.25,
      };
      const target = { Home: 0, End: 1 };
      if (event.key in change) set(i, weights[i] + change[event.key as keyof typeof change]);
      else if (event.key in target) set(i, target[event.key as keyof typeof target]);
      else return;
      event.preventDefault();
    });
    return bar;
  });
  place.append(...bars);
  // Screen readers have them as the sliders' values.
  const numbers = start.map(() => make("span"));
  place.after(make("div", { class: "draw-numbers", "aria-hidden": "true" }, ...numbers));

  const set = (i: number, weight: number) => {
    // Within a hair of the floor means none at all.
    weights[i] = weight < 0.02 ? 0 : Math.min(1, weight);
    changed();
  };
  const draw = ({ clientX, clientY }: PointerEvent) => {
    const { left, width, bottom, height } = place.getBoundingClientRect();
    const bin = Math.floor(((clientX - left) / width) * bars.length);
    set(Math.min(bars.length - 1, Math.max(0, bin)), (bottom - clientY) / height);
  };
  place.addEventListener("pointerdown", (event) => {
    place.setPointerCapture(event.pointerId);
    draw(event);
  });
  place.addEventListener("pointermove", (event) => {
    if (place.hasPointerCapture(event.pointerId)) draw(event);
  });

  return {
    weights,
    show(probabilities) {
      bars.forEach((bar, i) => {
        bar.style.setProperty("--share", String(weights[i]));
        bar.setAttribute("aria-valuenow", decimal(weights[i], 2));
        bar.setAttribute("aria-valuetext", `probability ${decimal(probabilities[i])}`);
        numbers[i].textContent = decimal(probabilities[i]);
      });
    },
  };
}
