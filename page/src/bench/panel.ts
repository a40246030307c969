// Part 1: wasm against JavaScript, here and now.

import { byId, choice, failureOf, make, say, short } from "../dom.js";
import { plot } from "../plot.js";
import { COLUMNS, EFFORT, ROWS } from "./sizes.js";
import { ratioOf, summary } from "./summary.js";
import type { Failure, Measured, Request } from "./worker.js";

/** `kernels`: what the backend is called in the plot. */
export function benchPanel(kernels: string): void {
  const chart = plot(byId("bench-plot"), {
    x: `classes a row (${ROWS} rows)`,
    y: "elements a second",
    logX: true,
    logY: true,
    range: { x: [3, 40_000] },
    format: { x: (value) => value.toLocaleString("en-US"), y: short },
    lines: [
      { label: kernels, colour: "wasm", points: true },
      { label: "JavaScript", colour: "javascript", points: true, dashed: true },
    ],
  });
  const button = byId("bench-run");
  let worker: Worker | undefined;
  let measured: Measured[] = [];

  /** Not `disabled`, which would take the focus from the button as it is pressed. */
  const setBusy = (busy: boolean) => button.setAttribute("aria-disabled", String(busy));

  const start = (operation: string) => {
    worker?.terminate();
    worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    measured = [];
    show();
    worker.addEventListener("message", ({ data }: MessageEvent<Measured | Failure>) => {
      if ("error" in data) return fail(data.error);
      measured.push(data);
      show();
    });
    worker.addEventListener("error", (event) => fail(failureOf(event)));
    worker.postMessage({ operation } satisfies Request);
  };

  const fail = (why: string) => {
    say("bench-status", `It failed: ${why}`);
    say("bench-progress", "");
    setBusy(false);
  };

  const show = () => {
    chart.draw([
      measured.map(({ columns }) => columns),
      measured.map(({ kernels }) => kernels),
      measured.map(({ javascript }) => javascript),
    ]);
    // A row for each size from the start: what stands below mustn't move.
    byId("bench-rows").replaceChildren(...COLUMNS.map((columns, i) => row(columns, measured[i])));
    const done = measured.at(-1)?.last ?? false;
    setBusy(!done);
    const figure = done ? summary(measured) : undefined;
    byId("bench-figure").classList.toggle("unseen", !figure);
    if (figure) {
      say("bench-median", times(figure.median));
      say("bench-range", `range ${times(figure.least)} to ${times(figure.most)}`);
    }
    say(
      "bench-status",
      done ? `Done: 25th-percentile time of ${EFFORT.rounds} alternating rounds, in this browser.` : "Measuring…",
    );
    say("bench-progress", done ? "" : `Size ${measured.length + 1} of ${COLUMNS.length}.`);
  };

  let operation = choice("bench-operation", (value) => {
    operation = value;
    start(value);
  });
  button.addEventListener("click", () => {
    if (button.getAttribute("aria-disabled") === "false") start(operation);
  });
  start(operation);
}

const times = (ratio: number) => `${ratio.toFixed(1)}×`;

function sizeOf(columns: number): string {
  return `${ROWS} × ${columns.toLocaleString("en-US")}`;
}

function row(columns: number, measured: Measured | undefined): HTMLTableRowElement {
  const cells = measured
    ? [short(measured.javascript), short(measured.kernels), times(ratioOf(measured))]
    : ["–", "–", "–"];
  return make(
    "tr",
    measured ? { class: "measured" } : {},
    make("th", { scope: "row" }, sizeOf(columns)),
    ...cells.map((text) => make("td", {}, text)),
  );
}
