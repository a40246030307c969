// Part 3b: a sigmoid's output ŷ = σ(z), judged by squared error and by cross-entropy. The gradient to ŷ and to z of both,
// over their whole range, and the numbers at the slider's z.

import type { Xentropy } from "xentropy";
import * as reference from "xentropy/reference";
import { byId, choice, decimal, precise, say } from "../dom.js";
import { plot } from "../plot.js";

const LEAST = -10;
const MOST = 10;
/** How far the plot of ∂L/∂ŷ goes; cross-entropy's goes on to −22,000. */
const FAR = 10;
const Z = Float32Array.from({ length: 401 }, (_, i) => LEAST + ((MOST - LEAST) * i) / 400);

interface Gradients {
  readonly loss: ArrayLike<number>;
  readonly toZ: ArrayLike<number>;
  readonly toY: ArrayLike<number>;
}

/** From the kernels. */
function crossEntropy(k: Xentropy, z: Float32Array, target: number): Gradients {
  const t = new Float32Array(z.length).fill(target);
  const { loss, grad } = k.sigmoidCrossEntropy(z, t, { reduction: "none", grad: true });
  return { loss, toZ: grad, toY: k.binaryCrossEntropy(k.sigmoid(z), t, { grad: true }).grad };
}

/** From the reference: there is no kernel for what shouldn't be used. ∂L/∂ŷ = ∂L/∂z / (σ(z)·σ(−z)). */
function squaredError(z: Float32Array, target: number): Gradients {
  const t = new Float32Array(z.length).fill(target);
  const { loss, grad } = reference.sigmoidSquaredError(z, t, { reduction: "none", grad: true });
  const p = reference.sigmoid(z);
  const notP = reference.sigmoid(z.map((value) => -value));
  return { loss, toZ: grad, toY: grad.map((g, i) => g / (p[i] * notP[i])) };
}

export function sigmoidPanel(k: Xentropy): void {
  const slider = byId<HTMLInputElement>("sigmoid-z");
  const lines = [
    { label: "cross-entropy", colour: "wasm" },
    { label: "squared error", colour: "javascript", dashed: true },
  ];
  const z = () => Float32Array.of(slider.valueAsNumber);
  /** The gradients to ŷ and to z, of both losses, where the slider stands. */
  const here = () => {
    const both = [crossEntropy(k, z(), target), squaredError(z(), target)];
    return { toY: both.map(({ toY }) => toY[0]), toZ: both.map(({ toZ }) => toZ[0]) };
  };
  /** Gradients are negative where the truth is 1, and positive where it is 0. */
  const gradientRange = (far: number, near: number) => (target === 1 ? [-far, near] : [-near, far]) as [number, number];
  const toY = plot(byId("sigmoid-to-y"), {
    x: "ŷ",
    y: "∂L/∂ŷ",
    lines,
    range: { x: [0, 1], y: () => gradientRange(FAR, 1) },
    mark: () => ({ x: k.sigmoid(z())[0], y: here().toY }),
  });
  const toZ = plot(byId("sigmoid-to-z"), {
    x: "z",
    y: "∂L/∂z",
    lines,
    range: { x: [LEAST, MOST], y: () => gradientRange(1.1, 0.2) },
    mark: () => ({ x: z()[0], y: here().toZ }),
  });

  const show = () => {
    const entropy = crossEntropy(k, Z, target);
    const squared = squaredError(Z, target);
    toY.draw([k.sigmoid(Z), entropy.toY, squared.toY].map((values) => Array.from(values)));
    toZ.draw([Z, entropy.toZ, squared.toZ].map((values) => Array.from(values)));
    byId("sigmoid-z-value").textContent = decimal(z()[0], 1);
    say("sigmoid-y", decimal(k.sigmoid(z())[0], 5));
    const both = { entropy: crossEntropy(k, z(), target), squared: squaredError(z(), target) };
    for (const [name, { loss, toY, toZ }] of Object.entries(both)) {
      byId(`${name}-loss`).textContent = precise(loss[0]);
      byId(`${name}-to-y`).textContent = precise(toY[0]);
      byId(`${name}-to-z`).textContent = precise(toZ[0]);
    }
    const steep = both.entropy.toY[0];
    const beyond = `Cross-entropy’s ${precise(steep)} is ${steep < 0 ? "below" : "above"} the plot: see the table.`;
    say("sigmoid-beyond", Math.abs(steep) > FAR ? beyond : "");
  };

  let target = Number(
    choice("sigmoid-target", (value) => {
      target = Number(value);
      show();
    }),
  );
  slider.addEventListener("input", show);
  show();
}
