import { loadSync, type Xentropy } from "../../src/index.js";

/** What kernels give: `out` is the one array of those that give no more. */
interface Spoils {
  out: Float32Array;
  loss: number | Float32Array;
  grad: Float32Array;
}

/** Kernels that compute right, and then change what came out. */
export function spoilt(change: (result: Spoils) => void): Xentropy {
  return new Proxy(loadSync(), {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      if (name === "alloc" || name === "logSumExpState") return value.bind(target);
      return (...args: unknown[]) => {
        const result = value.apply(target, args);
        change(result instanceof Float32Array ? { out: result } : result);
        return result;
      };
    },
  });
}

/** As `spoilt`, of kernels that say they are relaxed: these are compared with the reference alone. */
export function spoiltRelaxed(change: (result: Spoils) => void): Xentropy {
  return asRelaxed(spoilt(change));
}

/** Kernels that say they are relaxed. */
function asRelaxed(k: Xentropy): Xentropy {
  return new Proxy(k, { get: (target, name) => (name === "backend" ? "relaxed" : Reflect.get(target, name, target)) });
}

/** Kernels that say they are relaxed, and cap logits by so many times the softcap. */
export function cappingBy(factor: number): Xentropy {
  return new Proxy(loadSync(), {
    get(target, name) {
      if (name === "backend") return "relaxed";
      return (z: Float32Array, labels: number[], options: { softcap: number }) =>
        target.softmaxCrossEntropy(z, labels, { ...options, softcap: options.softcap * factor });
    },
  });
}
