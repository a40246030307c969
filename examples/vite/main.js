import { load } from "xentropy";

const k = await load();
const { values, indices } = k.topK(k.softmax(Float32Array.of(0.5, 3, -1, 2)), 2);
const text = Array.from(indices, (label, i) => `class ${label} ${values[i].toFixed(4)}`).join(", ");
document.querySelector("#result").textContent = `top classes on ${k.backend}: ${text}`;
