// Part 2: a softmax classifier of handwritten digits that is trained in front of the visitor.

import { byId, choice, short } from "../dom.js";
import { plot } from "../plot.js";
import { misreadFigure } from "./misread.js";
import { EPOCHS } from "./schedule.js";
import type { Engine, Progress, Request } from "./worker.js";

const SMOOTHING = 0.8;

const READY = "Ready: 15,000 digits to learn from, 2,000 others to test with.";

export function learnPanel(): void {
  const loss = plot(byId("learn-loss"), {
    x: "epochs",
    y: "loss (nats)",
    lines: [{ label: "mean loss, training digits", colour: "wasm" }],
    range: { x: [0, EPOCHS], y: [0, 2.4] },
  });
  const accuracy = plot(byId("learn-accuracy"), {
    x: "epochs",
    y: "recognised (%)",
    lines: [{ label: "test digits recognised", colour: "wasm" }],
    range: { x: [0, EPOCHS], y: [60, 100] },
  });
  const button = byId<HTMLButtonElement>("learn-train");
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  const ask = (request: Request) => worker.postMessage(request);
  const rates = new Map<Engine, number>();
  let history: { time: number; loss: number; accuracy: number }[] = [];
  let training = false;

  const setTraining = (on: boolean) => {
    training = on;
    button.textContent = on ? "Pause" : "Train";
  };
  const restart = () => {
    history = [];
    loss.draw([[], []]);
    accuracy.draw([[], []]);
    byId("learn-percent").textContent = "–";
    byId("misread").replaceChildren();
    byId("learn-status").textContent = READY;
  };

  worker.addEventListener("error", ({ message }) => {
    byId("learn-status").textContent = `It failed: ${message}`;
  });
  worker.addEventListener("message", ({ data }: MessageEvent<Progress | { ready: true }>) => {
    if ("ready" in data) {
      button.disabled = false;
      byId("learn-status").textContent = READY;
      return;
    }
    show(data);
  });

  const show = (progress: Progress) => {
    history.push({ time: progress.time, loss: progress.loss, accuracy: 100 * progress.accuracy });
    loss.draw([history.map(({ time }) => time), history.map((point) => point.loss)]);
    accuracy.draw([history.map(({ time }) => time), history.map((point) => point.accuracy)]);
    const { engine, samplesPerSecond } = progress;
    // Smoothed: a figure that jumps can't be read.
    const rate = SMOOTHING * (rates.get(engine) ?? samplesPerSecond) + (1 - SMOOTHING) * samplesPerSecond;
    rates.set(engine, rate);
    byId(`rate-${engine}`).textContent = short(rate);
    const fastest = Math.max(...rates.values());
    for (const [name, value] of rates) byId(`share-${name}`).style.setProperty("--share", String(value / fastest));
    byId("learn-percent").textContent = `${(100 * progress.accuracy).toFixed(1)} %`;
    byId("misread").replaceChildren(...progress.misread.map(misreadFigure));
    if (progress.finished) setTraining(false);
    byId("learn-status").textContent = progress.finished
      ? "Done. Train again, or with the other engine."
      : `Epoch ${progress.epoch}, ${progress.engine === "wasm" ? "wasm" : "JavaScript"}.`;
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
