import { load } from "xentropy";

export default {
  async fetch() {
    const k = await load({ backend: "simd" });
    return new Response(k.argmax(Float32Array.of(0, 1)).at(0) === 1 ? "load" : "nothing");
  },
};
