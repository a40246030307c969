// Part 3a: logits on sliders; their softmax, the loss of the true class, and the gradient p − y.

import type { Xentropy } from "xentropy";
import { byId, choice, decimal, make, say } from "../dom.js";
import { bars } from "./bars.js";

const CLASSES = ["cat", "dog", "owl", "fox"] as const;
const START = [2, 1, 0, -1];

export function softmaxPanel(k: Xentropy): void {
  const sliders = CLASSES.map((name, i) => slider(name, i));
  const p = bars(byId("softmax-p"), CLASSES, "wasm");
  const gradient = bars(byId("softmax-gradient"), CLASSES, "javascript", true);

  const show = () => {
    const z = Float32Array.from(sliders, ({ input }) => input.valueAsNumber);
    const { loss, grad } = k.softmaxCrossEntropy(z, [label], { grad: true });
    p.show(k.softmax<Float32Array>(z));
    gradient.show(grad);
    sliders.forEach(({ value }, i) => {
      value.textContent = decimal(z[i], 1);
    });
    say("softmax-loss", decimal(loss));
    byId("softmax-truth").textContent = CLASSES[label];
    const sum = k.logSumExp(z)[0];
    byId("softmax-sum").textContent =
      `${decimal(sum)} − ${z[label] < 0 ? `(${decimal(z[label], 1)})` : decimal(z[label], 1)}`;
  };

  let label = Number(
    choice("softmax-label", (value) => {
      label = Number(value);
      show();
    }),
  );
  for (const { input } of sliders) input.addEventListener("input", show);
  show();
}

function slider(name: string, i: number) {
  const input = make("input", {
    type: "range",
    min: "-8",
    max: "8",
    step: "0.1",
    value: String(START[i]),
    "aria-label": `logit of ${name}`,
  });
  const radio = make("input", {
    type: "radio",
    name: "softmax-label",
    value: String(i),
    "aria-label": `the truth is ${name}`,
  });
  radio.checked = i === 1;
  const value = make("span", { class: "value" });
  const truth = make("label", { class: "truth-choice" }, radio, name);
  byId("softmax-sliders").append(make("div", { class: "slider" }, truth, input, value));
  return { input, value };
}
