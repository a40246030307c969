// Uses the types of every entry; compiled with a `lib` that has no DOM.
import { type LoadOptions, load, loadSync, type ResidentBatch, type Xentropy } from "xentropy";
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
