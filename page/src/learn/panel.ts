// Part 2: a softmax classifier of handwritten digits that is trained in front of the visitor.

import { byId, choice, failureOf, say, short } from "../dom.js";
import { plot } from "../plot.js";
import { misreadFigure } from "./misread.js";
import { EPOCHS } from "./schedule.js";
import type { Engine, Misread, Progress, Ready, Request } from "./worker.js";

const SMOOTHING = 0.8;

const ENGINES: readonly Engine[] = ["wasm", "javascript"];
const NAMES: Record<Engine, string> = { wasm: "wasm", javascript: "JavaScript" };
const LINES = [
  { label: NAMES.wasm, colour: "wasm" },
  { label: NAMES.javascript, colour: "javascript", dashed: true },
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
  let ready = "";
  let history: Point[] = [];
  let training = false;
  let finished = false;

  /** The beginning or end of something, which is read out, and how far it has come, which isn't. */
  const tell = (state: string, progress = "") => {
    say("learn-status", state);
    say("learn-progress", progress);
  };
  const setTraining = (on: boolean) => {
    training = on;
    button.textContent = on ? "Pause" : "Train";
  };
  const stateNow = () => (training ? `Training with ${NAMES[engine]}.` : "Paused.");
  const drawHistory = () => {
    loss.draw(linesOf(history, (point) => point.loss));
    accuracy.draw(linesOf(history, (point) => point.accuracy));
  };
  const showMisread = (misread: readonly Misread[]) => {
    byId("misread").replaceChildren(...misread.map(misreadFigure));
    byId("misread-none").hidden = misread.length > 0;
  };
  const clear = () => {
    history = [];
    finished = false;
    drawHistory();
    byId("learn-figure").hidden = true;
  };
  clear();
  tell("", "Unpacking the digits…");

  worker.addEventListener("error", (event) => {
    tell(`It failed: ${failureOf(event)}`);
  });
  worker.addEventListener("message", ({ data }: MessageEvent<Progress | Ready>) => {
    if ("training" in data) begin(data);
    else show(data);
  });

  const begin = (digits: Ready) => {
    const [train, test] = [digits.training, digits.test].map((count) => count.toLocaleString("en-US"));
    ready = `Ready: ${train} of MNIST’s 60,000 digits to learn from, ${test} of its 10,000 others to test with.`;
    byId("learn-percent-note").textContent = `of ${test} test digits recognised, learned from ${train} of 60,000`;
    button.disabled = false;
    tell(ready);
  };
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
    // Sent before the worker heard that it should start over.
    if (history.length === 0 && time > 0) {
      if (progress.finished) setTraining(false);
      return;
    }
    history.push({ time, loss, accuracy: 100 * accuracy, engine });
    drawHistory();
    if (samplesPerSecond !== undefined) showRate(engine, samplesPerSecond);
    byId("learn-percent").textContent = `${(100 * accuracy).toFixed(1)} %`;
    byId("learn-figure").hidden = false;
    showMisread(progress.misread);
    finished = progress.finished;
    if (finished) setTraining(false);
    if (finished) tell("Done. Train again, or with the other engine.");
    else tell(stateNow(), `Epoch ${progress.epoch} of ${EPOCHS}.`);
  };

  let engine = choice("learn-engine", (value) => {
    engine = value as Engine;
    ask({ kind: "engine", engine });
    if (training) say("learn-status", stateNow());
  }) as Engine;
  ask({ kind: "engine", engine });
  button.addEventListener("click", () => {
    if (finished) clear();
    setTraining(!training);
    say("learn-status", stateNow());
    ask({ kind: "train", training });
  });
  byId("learn-reset").addEventListener("click", () => {
    clear();
    showMisread([]);
    if (!training) tell(ready);
    ask({ kind: "reset" });
  });
}
