import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { BLOCK } from "../../src/backend/backend.js";
import { exp } from "../../src/backend/js/math/exp.js";
import { log } from "../../src/backend/js/math/log.js";
import { log1p } from "../../src/backend/js/math/log1p.js";
import { scaledTanh } from "../../src/backend/js/math/tanh.js";
import { uniform } from "../support/samples.js";
import { mirror } from "./mirror.js";

const COUNT = 1 << 18;

/** Floats spread evenly over all bits, special ones and their neighbours first. */
function patterns(): Float32Array {
  const special = [0, 1, 0x7fffff, 0x800000, 0x3f000000, 0x3f800000, 0x40000000, 0x42b17218, 0x7f7fffff, 0x7f800000];
  const bits = new Uint32Array(COUNT);
  let n = 0;
  for (const at of special)
    for (const near of [-1, 0, 1]) for (const sign of [0, 2 ** 31]) bits[n++] = at + near + sign;
  // An odd step, so that all low bits are met.
  for (let at = 0; n < COUNT; at += 16411) bits[n++] = at;
  return new Float32Array(bits.buffer);
}

const verify = new WebAssembly.Module(readFileSync(new URL("../../build/verify-simd.wasm", import.meta.url)));

describe("the functions of math/ have the same bits as in wasm, over all of float32:", () => {
  const memory = new WebAssembly.Memory({ initial: 64 });
  const { exports } = new WebAssembly.Instance(verify, { env: { memory } });
  const kernels = exports as Record<string, (x: number, out: number, n: number) => void>;
  const at = 65536;

  it.each([
    ["expAll", exp],
    ["logAll", log],
    ["log1pAll", log1p],
    ["tanhAll", (x: number) => scaledTanh(x, 1)],
    ["softcap30", (x: number) => scaledTanh(x, 30)],
  ] as const)("%s", (name, f) => {
    const x = patterns();
    new Float32Array(memory.buffer).set(x, at / 4);
    kernels[name](at, at + COUNT * 4, COUNT);
    const expected = new Float32Array(memory.buffer, at + COUNT * 4, COUNT);
    for (let i = 0; i < COUNT; i++) {
      const got = f(x[i]);
      if (!Object.is(got, expected[i])) expect.fail(`of ${x[i]}: ${got}, expected ${expected[i]}`);
    }
  });
});

it.each(["sigmoid", "logSigmoid", "softplus", "logit"] as const)("simd and js have the same bits: %s", (name) => {
  mirror.clear();
  const x = mirror.put(patterns());
  const out = mirror.floats(COUNT);
  const e = mirror.scratch((3 * 2048 + 4) * 4);
  mirror.same("apart", (k) => k[name](x, out, COUNT, e));
  for (let n = 0; n < 20; n++) mirror.same(`${n}, in place`, (k) => k[name](x, x, n, e));
});

it("simd and js have the same bits: a term of klDivergence and of jensenShannon, for numbers of any size", () => {
  const next = uniform(1);
  const n = 20_000;
  const bits = Int32Array.from({ length: 2 * n }, () => next() * 0x7f800000);
  for (let i = 0; i < n; i += 2) bits[n + i] = bits[i] + Math.round(2 ** (next() * 25) * (next() - 0.5));
  // Where the quotient leaves [√½, √2].
  const words = new Float32Array(bits.buffer);
  for (let i = 1; i < n; i += 4) {
    words[i] = words[n + i] * (next() < 0.5 ? Math.SQRT2 : Math.SQRT1_2);
    bits[i] += Math.round(4 * next() - 2);
  }
  const values = new Float32Array(bits.buffer).map((v, i) => (i % 3 ? v : Math.abs(v) % 1));
  mirror.clear();
  const p = mirror.put(values.subarray(0, n));
  const q = mirror.put(values.subarray(n));
  const sums = mirror.doubles(n);
  const e = mirror.scratch((4 * BLOCK + 16) * 4);
  for (const name of ["klDivergence", "jensenShannon"] as const) {
    mirror.same(name, (k) => k[name](p, q, 0, e, n, 1, 1, sums));
  }
});
