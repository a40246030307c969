import { areResident, type FloatBatch, type FloatOutput, readBatch, readOperand } from "../batch.js";
import { checkOptions } from "../checks.js";
import { Columns, eachTile } from "../columns.js";
import type { Context } from "../context.js";
import type { ArrayOptions } from "../options.js";
import { readOutput } from "../outputs.js";
import { briefBackward } from "./brief.js";

/** The backward passes of softmax and logSoftmax. */

const OPTIONS = ["shape", "axis", "out"];

/** What each calls its operands: the forward pass's result, and the gradient to that. */
const OPERANDS = { softmaxBackward: ["p", "dp"], logSoftmaxBackward: ["logProbs", "dLogProbs"] } as const;

type Operation = keyof typeof OPERANDS;

export function backward(
  context: Context,
  operation: Operation,
  forward: FloatBatch,
  upstream: FloatBatch,
  options: ArrayOptions,
): FloatOutput {
  return (
    briefBackward(context, operation, forward, upstream, options) ??
    general(context, operation, forward, upstream, context.left(options))
  );
}

function general(
  context: Context,
  operation: Operation,
  forward: FloatBatch,
  upstream: FloatBatch,
  options: ArrayOptions,
): FloatOutput {
  checkOptions(options, OPTIONS);
  const { shape, axis, out } = options;
  const { kernels, arena, work } = context;
  const [forwardName, upstreamName] = OPERANDS[operation];
  const batch = readBatch(forward, shape, axis, arena, forwardName);
  const other = readOperand(upstream, batch, arena, upstreamName);
  const output = readOutput(out, batch.shape, arena, "out", batch, other);
  const tiles = context.tiles.over(batch, areResident(batch, other, output));
  const ofLogs = operation === "logSoftmaxBackward";
  while (tiles.nextLong()) {
    const { position } = tiles;
    const a = new Columns(context, batch, batch, position, 0);
    const b = new Columns(context, other, batch, position, 1);
    // A tile of its own lets a thread's lost job be repeated; but strips keep two arrays, not three.
    const to = new Columns(context, output, batch, position, tiles.strips.width > 0 ? 0 : 3);
    let sum = 0;
    eachTile(work, batch.classes, (c, n) => {
      sum = ofLogs ? kernels.sum(b.read(c, n), n, sum) : kernels.dot(a.read(c, n), b.read(c, n), n, sum);
    });
    eachTile(work, batch.classes, (c, n) => {
      to.expect(c, n);
      const from = ofLogs ? a.read(c, n) : a.recall(c, n);
      kernels[`${operation}Apply` as const](from, b.recall(c, n), to.place(c), n, sum);
      to.write(c, n);
    });
  }
  while (tiles.next()) {
    const a = tiles.read(batch, 0);
    const b = tiles.read(other, 1);
    const to = tiles.place(output, 3);
    kernels[operation](a, b, to, tiles.rows, tiles.classes);
    tiles.write(output, to);
  }
  return output.result;
}
