// The page: three parts, all on the kernels.

import "./style.css";
import { load } from "xentropy";
import { benchPanel } from "./bench/panel.js";
import { byId } from "./dom.js";
import { learnPanel } from "./learn/panel.js";
import { entropyPanel } from "./why/entropy.js";
import { sigmoidPanel } from "./why/sigmoid.js";
import { softmaxPanel } from "./why/softmax.js";

const k = await load();
const name = k.backend === "js" ? "js" : `wasm (${k.backend})`;
byId("backend").textContent = `Running on ${name}.`;
byId("bench-backend").textContent = await whyThisBackend();
benchPanel(k.backend === "js" ? "js backend" : "wasm");
learnPanel();
softmaxPanel(k);
sigmoidPanel(k);
entropyPanel(k);
/** What load() chose, and what it would rather have had. */
async function whyThisBackend(): Promise<string> {
  if (k.backend === "simd") {
    return "Backend simd: the first of load()’s list, and this browser has WebAssembly SIMD.";
  }
  const reason = await load({ backend: "simd" }).catch((error: Error) => error.message);
  return `Backend ${k.backend}, not simd: ${reason} The js backend gives the same bits as simd, and is somewhat slower than the plain JavaScript here.`;
}

document.documentElement.dataset.ready = "true";
