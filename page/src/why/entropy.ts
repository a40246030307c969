// Part 3c: two drawn distributions, and H(P, Q) = H(P) + D_KL(P ‖ Q) as stacked bars.

import type { Xentropy } from "xentropy";
import { byId, choice, decimal, say } from "../dom.js";
import { type Drawing, drawing } from "./drawing.js";

const P = [0.1, 0.35, 0.8, 1, 0.6, 0.25, 0.1, 0.05];
const Q = [0.05, 0.1, 0.2, 0.4, 0.7, 0.9, 0.6, 0.3];

export function entropyPanel(k: Xentropy): void {
  /** Weights become probabilities: softmax(log w) = w / Σ w. */
  const distribution = ({ weights }: Drawing) => k.softmax(weights.map(Math.log));

  const show = () => {
    const p = distribution(drawnP);
    const q = distribution(drawnQ);
    drawnP.show(p);
    drawnQ.show(q);
    const options = { unit: unit as "nats" | "bits" };
    const entropy = k.entropy(p, options)[0];
    const divergence = k.klDivergence(p, q, options)[0];
    const cross = k.crossEntropy(p, q, options)[0];
    const numbers = {
      "entropy-h": entropy,
      "entropy-kl": divergence,
      "entropy-cross": cross,
      "entropy-back": k.klDivergence(q, p, options)[0],
      "entropy-js": k.jensenShannon(p, q, options)[0],
    };
    for (const [id, value] of Object.entries(numbers)) byId(id).textContent = `${decimal(value)} ${unit}`;
    // The scale: what a code for eight equal bins costs fills half of the width.
    const full = 2 * (unit === "bits" ? 3 : Math.log(8));
    const width = (value: number) => `${Math.min(100, (100 * value) / full)}%`;
    byId("stack-h").style.width = width(entropy);
    byId("stack-kl").style.width = Number.isFinite(divergence) ? width(divergence) : "100%";
    byId("stack-cross").style.width = width(cross);
    byId("stack").classList.toggle("infinite", !Number.isFinite(cross));
    say("entropy-note", note(p, cross, divergence));
  };

  const drawnP = drawing(byId("draw-p"), "P", P, () => show());
  const drawnQ = drawing(byId("draw-q"), "Q", Q, () => show());
  let unit = choice("entropy-unit", (value) => {
    unit = value;
    show();
  });
  byId("entropy-same").addEventListener("click", () => {
    drawnQ.weights.set(drawnP.weights);
    show();
  });
  show();
}

function note(p: Float32Array, cross: number, divergence: number): string {
  if (p.some(Number.isNaN) || Number.isNaN(cross)) return "A distribution needs some mass: draw one.";
  if (cross === Number.POSITIVE_INFINITY)
    return "P has mass where Q has none: what Q calls impossible happened, and costs infinitely much.";
  if (divergence < 1e-6) return "Q is P: the divergence is 0, and cross-entropy is the entropy itself.";
  return "Cross-entropy is what P’s own uncertainty costs, and what believing Q adds to it.";
}
