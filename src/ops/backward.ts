import { type FloatBatch, type FloatOutput, isResident, readBatch, readOperand, readOutput } from "../batch.js";
import { checkOptions } from "../checks.js";
import { Columns, eachTile } from "../columns.js";
import type { Context } from "../context.js";
import type { ArrayOptions } from "../options.js";
import { outputOf } from "./softmax.js";

/** The backward passes of softmax and logSoftmax. */

const OPTIONS = new Set(["shape", "axis", "out"]);

export function softmaxBackward<O extends FloatOutput>(
  context: Context,
  p: FloatBatch,
  dp: FloatBatch,
  options: ArrayOptions<O>,
): O {
  return backward(context, p, dp, options, "p", "dp");
}

export function logSoftmaxBackward<O extends FloatOutput>(
  context: Context,
  logProbs: FloatBatch,
  dLogProbs: FloatBatch,
  options: ArrayOptions<O>,
): O {
  return backward(context, logProbs, dLogProbs, options, "logProbs", "dLogProbs");
}

function backward<O extends FloatOutput>(
  context: Context,
  forward: FloatBatch,
  upstream: FloatBatch,
  options: ArrayOptions<O>,
  forwardName: "p" | "logProbs",
  upstreamName: string,
): O {
  checkOptions(options, OPTIONS);
  const { shape, axis, out } = options;
  const { kernels, arena, work } = context;
  const batch = readBatch(forward, shape, axis, arena, forwardName);
  const other = readOperand(upstream, batch, arena, upstreamName);
  const result = outputOf(out, batch.length);
  const output = readOutput(result, batch, arena, "out", other);
  const log = forwardName === "logProbs";
  const tiles = context.tiles.over(batch, isResident(batch) && isResident(other) && isResident(output));
  if (tiles.long) {
    for (let position = 0; position < batch.outer * batch.inner; position++) {
      const a = new Columns(work, batch, batch, position, 0);
      const b = new Columns(work, other, batch, position, 1);
      const to = new Columns(work, output, batch, position, 3);
      let sum = 0;
      eachTile(batch.classes, (c, n) => {
        sum = log ? kernels.sum(b.read(c, n), n, sum) : kernels.dot(a.read(c, n), b.read(c, n), n, sum);
      });
      eachTile(batch.classes, (c, n) => {
        if (log) kernels.logSoftmaxBackwardApply(a.read(c, n), b.read(c, n), to.place(c), n, sum);
        else kernels.softmaxBackwardApply(a.read(c, n), b.read(c, n), to.place(c), n, sum);
        to.write(c, n);
      });
    }
    return result;
  }
  while (tiles.next()) {
    const a = tiles.read(batch, 0);
    const b = tiles.read(other, 1);
    const to = tiles.place(output, 3);
    if (log) kernels.logSoftmaxBackward(a, b, to, tiles.rows, tiles.classes);
    else kernels.softmaxBackward(a, b, to, tiles.rows, tiles.classes);
    tiles.write(output, to);
  }
  return result;
}
