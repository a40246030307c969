// node index.js: the loss of a batch, its gradient, and a step of training.
import { load } from "xentropy";

const k = await load();

const logits = Float32Array.of(2.0, 0.5, -1.0, 0.1, 0.2, 0.3); // two rows, three classes
const labels = [0, 2];
const shape = [2, 3];

const { loss, grad } = k.softmaxCrossEntropy(logits, labels, { shape, grad: true });
console.log(`backend ${k.backend}, loss ${loss.toFixed(4)}`);

for (let i = 0; i < logits.length; i++) logits[i] -= 0.5 * grad[i];
console.log(`after a step, loss ${k.softmaxCrossEntropy(logits, labels, { shape }).loss.toFixed(4)}`);
