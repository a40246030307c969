// Bars that grow up from a line, or down from it: one a number, with the number written above.

import { decimal, make } from "../dom.js";

export interface Bars {
  /** `scale`: the number that fills half of the height. */
  show(values: ArrayLike<number>): void;
}

/** Bars for numbers between −`most` and `most`, or from 0 where there are no negative ones. */
export function bars(place: HTMLElement, names: readonly string[], colour: string, signed = false): Bars {
  const shown = names.map((name) => {
    const bar = make("span", { class: "bar" });
    const number = make("span", { class: "number" });
    const column = make(
      "div",
      { class: signed ? "column signed" : "column" },
      make("span", { class: "track" }, bar),
      number,
    );
    column.append(make("small", {}, name));
    place.append(column);
    return { bar, number };
  });
  place.style.setProperty("--bar", `var(--${colour})`);
  return {
    show(values) {
      shown.forEach(({ bar, number }, i) => {
        bar.style.setProperty("--share", String(Math.abs(values[i])));
        bar.classList.toggle("down", values[i] < 0);
        number.textContent = decimal(values[i]);
      });
    },
  };
}
