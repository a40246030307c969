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
byId("backend").textContent =
  k.backend === "js"
    ? "Running on the js backend: this browser offers no WebAssembly SIMD. “wasm” below is its plain JavaScript mirror."
    : `Running on wasm (${k.backend}): the first choice of load(), and this browser has WebAssembly SIMD.`;
benchPanel();
learnPanel();
softmaxPanel(k);
sigmoidPanel(k);
entropyPanel(k);
document.documentElement.dataset.ready = "true";
