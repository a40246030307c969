// Part 1: wasm against JavaScript, here and now.

import { byId, choice, make, short } from "../dom.js";
import { plot } from "../plot.js";
import { COLUMNS, ROWS } from "./sizes.js";
import type { Measured, Request } from "./worker.js";

export function benchPanel(): void {
  const chart = plot(byId("bench-plot"), {
    x: `classes a row (${ROWS} rows)`,
    y: "elements a second",
    logX: true,
    logY: true,
    range: { x: [3, 40_000] },
    format: { x: (value) => value.toLocaleString("en-US"), y: short },
    lines: [
      { label: "wasm", colour: "wasm", points: true },
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
    byId("bench-status").textContent = "Measuring…";
    worker.addEventListener("message", ({ data }: MessageEvent<Measured>) => {
      measured.push(data);
      show();
    });
    worker.addEventListener("error", ({ message }) => {
      byId("bench-status").textContent = `It failed: ${message}`;
      button.disabled = false;
    });
    worker.postMessage({ operation } satisfies Request);
  };

  const show = () => {
    chart.draw([
      measured.map(({ columns }) => columns),
      measured.map(({ kernels }) => kernels),
      measured.map(({ javascript }) => javascript),
    ]);
    byId("bench-rows").replaceChildren(...measured.map(row));
    const done = measured.at(-1)?.last ?? false;
    button.disabled = !done;
    const best = measured.reduce((a, b) => (ratio(b) > ratio(a) ? b : a));
    byId("bench-best").textContent = `${ratio(best).toFixed(1)}×`;
    byId("bench-best-note").textContent = `faster at ${best.rows} × ${best.columns.toLocaleString("en-US")}`;
    byId("bench-status").textContent = done
      ? `Done: the first quartile of 15 rounds each, in turn, in this browser (${best.backend}).`
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

function row(measured: Measured): HTMLTableRowElement {
  const { rows, columns, kernels, javascript } = measured;
  const cells = [short(javascript), short(kernels), `${ratio(measured).toFixed(1)}×`];
  return make(
    "tr",
    {},
    make("th", { scope: "row" }, `${rows} × ${columns.toLocaleString("en-US")}`),
    ...cells.map((text) => make("td", {}, text)),
  );
}
