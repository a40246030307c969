// A Cloudflare Worker: POST a classifier's logits as JSON, get its confidence and top classes.
// curl --json '{"logits": [1.5, 4.2, -0.3, 0.8], "top": 2}' http://localhost:8787
import { loadSync, XentropyError } from "xentropy";

const k = loadSync();

/** Whether a value is a number that is finite as a float32 too: 1e39 isn't. */
const isLogit = (value) => typeof value === "number" && Number.isFinite(Math.fround(value));

export default {
  async fetch(request) {
    if (request.method !== "POST") return new Response("POST { logits, top }", { status: 405 });
    try {
      const { logits, top = 3 } = await request.json();
      if (!logits.length || !logits.every(isLogit)) throw new TypeError("logits are finite numbers, at least one");
      const probabilities = k.softmax(Float32Array.from(logits));
      const { values, indices } = k.topK(probabilities, Math.min(top, logits.length));
      const classes = Array.from(indices, (label, i) => ({ label, probability: values[i] }));
      return Response.json({
        backend: k.backend,
        confidence: values[0],
        uncertainty: k.entropy(probabilities)[0],
        classes,
      });
    } catch (error) {
      const code = error instanceof XentropyError ? error.code : "BAD_REQUEST";
      return Response.json({ error: code }, { status: 400 });
    }
  },
};
