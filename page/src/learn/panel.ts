// Part 2: a softmax classifier of handwritten digits that is trained in front of the visitor.

import { byId, choice, failureOf, short } from "../dom.js";
import { plot } from "../plot.js";
import { emptyFigure, misreadFigure } from "./misread.js";
import { EPOCHS, SHOWN } from "./schedule.js";
import type { Engine, Progress, Request } from "./worker.js";

const SMOOTHING = 0.8;

const READY = "Ready: 15,000 digits to learn from, 2,000 others to test with.";

const ENGINES: readonly Engine[] = ["wasm", "javascript"];
const LINES = [
  { label: "wasm", colour: "wasm" },
  { label: "JavaScript", colour: "javascript" },
];
const TICKS = [0, 3, 6, 9, 12, 15];

/** What is drawn of a moment. */
interface Point {
  readonly time: number;
  readonly loss: number;
  readonly accuracy: number;
  readonly engine: Engine;
}

/** x, then a line for each engine: where one takes over, its line begins at the other's last point. */
function linesOf(history: readonly Point[], value: (point: Point) => number): (number | null)[][] {
  const lines = ENGINES.map((engine) =>
    history.map((point, i) => (point.engine === engine || history[i + 1]?.engine === engine ? value(point) : null)),
  );
  return [history.map(({ time }) => time), ...lines];
}

export function learnPanel(): void {
  const loss = plot(byId("learn-loss"), {
    x: "epochs",
    y: "loss, training digits (nats)",
    lines: LINES,
    range: { x: [0, EPOCHS], y: () => [0, 2.4] },
    ticks: TICKS,
  });
  const accuracy = plot(byId("learn-accuracy"), {
    x: "epochs",
    y: "recognised, test digits (%)",
    lines: LINES,
    range: { x: [0, EPOCHS], y: () => [50, 100] },
    ticks: TICKS,
  });
  const button = byId<HTMLButtonElement>("learn-train");
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  const ask = (request: Request) => worker.postMessage(request);
  const rates = new Map<Engine, number>();
  let history: Point[] = [];
  let training = false;

  const setTraining = (on: boolean) => {
    training = on;
    button.textContent = on ? "Pause" : "Train";
  };
  const drawHistory = () => {
    loss.draw(linesOf(history, (point) => point.loss));
    accuracy.draw(linesOf(history, (point) => point.accuracy));
  };
  const clear = () => {
    history = [];
    drawHistory();
    byId("learn-percent").textContent = "–";
    byId("misread").replaceChildren(...Array.from({ length: SHOWN }, emptyFigure));
  };
  const restart = () => {
    clear();
    byId("learn-status").textContent = READY;
  };
  clear();

  worker.addEventListener("error", (event) => {
    byId("learn-status").textContent = `It failed: ${failureOf(event)}`;
  });
  worker.addEventListener("message", ({ data }: MessageEvent<Progress | { ready: true }>) => {
    if ("ready" in data) {
      button.disabled = false;
      byId("learn-status").textContent = READY;
      return;
    }
    show(data);
  });

  const showRate = (engine: Engine, latest: number) => {
    // Smoothed: a figure that jumps can't be read.
    const rate = SMOOTHING * (rates.get(engine) ?? latest) + (1 - SMOOTHING) * latest;
    rates.set(engine, rate);
    byId(`rate-${engine}`).textContent = short(rate);
    const fastest = Math.max(...rates.values());
    for (const [name, value] of rates) byId(`share-${name}`).style.setProperty("--share", String(value / fastest));
  };
  const show = (progress: Progress) => {
    const { time, loss, accuracy, engine, samplesPerSecond } = progress;
    history.push({ time, loss, accuracy: 100 * accuracy, engine });
    drawHistory();
    if (samplesPerSecond !== undefined) showRate(engine, samplesPerSecond);
    byId("learn-percent").textContent = `${(100 * accuracy).toFixed(1)} %`;
    byId("misread").replaceChildren(...progress.misread.map(misreadFigure));
    if (progress.finished) setTraining(false);
    byId("learn-status").textContent = progress.finished
      ? "Done. Train again, or with the other engine."
      : `Epoch ${progress.epoch} of ${EPOCHS}, ${engine === "wasm" ? "wasm" : "JavaScript"}.`;
  };

  button.addEventListener("click", () => {
    setTraining(!training);
    if (training && byId("learn-status").textContent?.startsWith("Done")) restart();
    ask({ kind: "train", training });
  });
  byId("learn-reset").addEventListener("click", () => {
    restart();
    ask({ kind: "reset" });
  });
  ask({
    kind: "engine",
    engine: choice("learn-engine", (engine) => ask({ kind: "engine", engine: engine as Engine })) as Engine,
  });
}
