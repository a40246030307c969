// npm run verify:memory: how much kernel memory a foreign batch of 2 GiB takes, for a fresh instance that has seen no other.

import { load, type Xentropy } from "xentropy";
import { runTool } from "./support/tool.js";

const USAGE = `Usage: npm run verify:memory

  --help   this text`;

const LENGTH = 2 ** 29;
const LIMIT = 2 * 2 ** 20;

/** Many rows, one row, an axis that isn't the last, and no rows at all. */
const CALLS: readonly (readonly [string, (k: Xentropy, x: Float32Array) => void])[] = [
  ["softmax, 524288 rows of 1024", (k, x) => k.softmax(x, { shape: [LENGTH / 1024, 1024], out: x })],
  ["softmax, 1 row of 536870912", (k, x) => k.softmax(x, { out: x })],
  [
    "softmax along the first axis of [1024, 524288]",
    (k, x) => k.softmax(x, { shape: [1024, LENGTH / 1024], axis: 0, out: x }),
  ],
  [
    "softmaxCrossEntropy with gradient, 1 row",
    (k, x) => k.softmaxCrossEntropy(x, Int32Array.of(7), { shape: [1, LENGTH], grad: x }),
  ],
  ["sigmoid", (k, x) => k.sigmoid(x, { out: x })],
  ["logSumExp, 1 row", (k, x) => k.logSumExp(x)],
];

await runTool(USAGE, {}, async () => {
  const x = new Float32Array(LENGTH);
  let holds = true;
  for (const [name, call] of CALLS) {
    for (let i = 0; i < LENGTH; i++) x[i] = (i % 4001) / 500 - 4;
    const k = await load();
    const fresh = k.memory.reserved;
    call(k, x);
    const { used, reserved } = k.memory;
    if (reserved > LIMIT) holds = false;
    console.log(`${name}: ${reserved} bytes of kernel memory, ${used} in use (${fresh} before the call)`);
  }
  console.log(holds ? `At most ${LIMIT} bytes: holds for a batch of 2 GiB.` : `FAILED: more than ${LIMIT} bytes`);
  return holds;
});
