import { madd } from "./math/fma";

/**
 * What the machine can do: 12 chains of multiply-adds that don't wait for each other, 4 numbers each, in registers alone.
 * For bench/linear.ts, which says how much of it the matrix products reach; not part of the package's binaries.
 *
 * x: 56 floats, a factor and a summand of four each and then the chains, which are left there. Makes turns·192 multiply-adds.
 */
export function multiplyAdds(x: usize, turns: usize): void {
  const by = v128.load(x);
  const plus = v128.load(x, 16);
  let a = v128.load(x, 32);
  let b = v128.load(x, 48);
  let c = v128.load(x, 64);
  let d = v128.load(x, 80);
  let e = v128.load(x, 96);
  let f = v128.load(x, 112);
  let g = v128.load(x, 128);
  let h = v128.load(x, 144);
  let i = v128.load(x, 160);
  let j = v128.load(x, 176);
  let k = v128.load(x, 192);
  let l = v128.load(x, 208);
  for (; turns > 0; turns--) {
    for (let turn = 0; turn < 4; turn++) {
      a = madd(a, by, plus);
      b = madd(b, by, plus);
      c = madd(c, by, plus);
      d = madd(d, by, plus);
      e = madd(e, by, plus);
      f = madd(f, by, plus);
      g = madd(g, by, plus);
      h = madd(h, by, plus);
      i = madd(i, by, plus);
      j = madd(j, by, plus);
      k = madd(k, by, plus);
      l = madd(l, by, plus);
    }
  }
  v128.store(x, a, 32);
  v128.store(x, b, 48);
  v128.store(x, c, 64);
  v128.store(x, d, 80);
  v128.store(x, e, 96);
  v128.store(x, f, 112);
  v128.store(x, g, 128);
  v128.store(x, h, 144);
  v128.store(x, i, 160);
  v128.store(x, j, 176);
  v128.store(x, k, 192);
  v128.store(x, l, 208);
}
