// Part 1: wasm against JavaScript, here and now.

import { byId, choice, failureOf, make, short } from "../dom.js";
import { plot } from "../plot.js";
import { COLUMNS, EFFORT, ROWS } from "./sizes.js";
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
      { label: "JavaScript", colour: "javascript", points: true },
    ],
  });
  const button = byId<HTMLButtonElement>("bench-run");
  let worker: Worker | undefined;
  let measured: Measured[] = [];

  const start = (operation: string) => {
    worker?.terminate();
    worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    measured = [];
    button.disabled = true;
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
    byId("bench-status").textContent = `It failed: ${why}`;
    button.disabled = false;
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
    button.disabled = !done;
    byId("bench-best").textContent = "–";
    if (measured.length > 0) {
      const best = measured.reduce((a, b) => (ratio(b) > ratio(a) ? b : a));
      byId("bench-best").textContent = `${ratio(best).toFixed(1)}×`;
      byId("bench-best-note").textContent = `at best, at ${sizeOf(best.columns)}`;
    }
    byId("bench-status").textContent = done
      ? `Done: the first quartile of ${EFFORT.rounds} rounds each, in turn, in this browser.`
      : `Measuring size ${measured.length + 1} of ${COLUMNS.length}…`;
  };

  let operation = choice("bench-operation", (value) => {
    operation = value;
    start(value);
  });
  button.addEventListener("click", () => start(operation));
  start(operation);
}

function ratio({ kernels, javascript }: Measured): number {
  return kernels / javascript;
}

function sizeOf(columns: number): string {
  return `${ROWS} × ${columns.toLocaleString("en-US")}`;
}

function row(columns: number, measured: Measured | undefined): HTMLTableRowElement {
  const cells = measured
    ? [short(measured.javascript), short(measured.kernels), `${ratio(measured).toFixed(1)}×`]
    : ["–", "–", "–"];
  return make(
    "tr",
    measured ? { class: "measured" } : {},
    make("th", { scope: "row" }, sizeOf(columns)),
    ...cells.map((text) => make("td", {}, text)),
  );
}
