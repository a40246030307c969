// deno run main.ts: no permission is asked for. The package comes from npm, by the import map in deno.json.
import { load } from "xentropy";

const k = await load();
const p = Float32Array.of(0.7, 0.2, 0.1);
const q = Float32Array.of(0.5, 0.3, 0.2);
console.log(`backend ${k.backend}, D_KL(p ‖ q) = ${k.klDivergence(p, q)[0].toFixed(6)} nats`);
