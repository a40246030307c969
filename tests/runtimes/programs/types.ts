// Uses the types of every entry; compiled with a `lib` that has no DOM.
import { type DivergenceOptions, type LoadOptions, load, loadSync, type ResidentBatch, type Xentropy } from "xentropy";
import { checked } from "xentropy/check";
import { softmax } from "xentropy/reference";

export async function use(module: object): Promise<number> {
  const options: LoadOptions = { backend: ["relaxed", "simd", "js"], module };
  const k: Xentropy = checked(await load(options));
  const batch: ResidentBatch = k.alloc([2, 3]);
  const { loss, grad } = loadSync().softmaxCrossEntropy(batch, [0, 1], { grad: true });
  batch[Symbol.dispose]();
  return loss + grad[0] + softmax([1, 2])[0];
}

/** Where options aren't literals a result is one of several. */
export function perhaps(k: Xentropy, x: Float32Array, options: DivergenceOptions, want: boolean): number {
  // @ts-expect-error without a gradient there is no loss
  k.crossEntropy(x, x, options).loss;
  const value = k.klDivergence(x, x, { grad: want });
  const { grad } = k.linearSoftmaxCrossEntropy(x, x, [0], { grad: { bias: want } });
  // @ts-expect-error no such option
  k.softmaxCrossEntropy(x, [0], { grad: want, reducton: "none" });
  return ("grad" in value ? value.loss : value).length + (grad?.bias?.length ?? 0);
}
