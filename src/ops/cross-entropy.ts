import { goesAcross } from "../across.js";
import { areResident, type FloatBatch, type Labels, readBatch } from "../batch.js";
import { checkOptions } from "../checks.js";
import type { Context } from "../context.js";
import { OptionError } from "../errors.js";
import { listedLabels } from "../labels.js";
import { SOFTMAX_CROSS_ENTROPY } from "../option-names.js";
import type { SoftmaxCrossEntropyOptions } from "../options.js";
import { briefCrossEntropy } from "./brief-losses.js";
import { placeGradient, type Result, readCrossEntropy, resultOf } from "./cross-entropy-call.js";
import { longCrossEntropy } from "./cross-entropy-long.js";
import { generalRows, plainRows, takesPlainKernel } from "./cross-entropy-rows.js";
import { shardCrossEntropy } from "./cross-entropy-shard.js";

export function softmaxCrossEntropy(
  context: Context,
  x: FloatBatch,
  targets: Labels | FloatBatch,
  options: SoftmaxCrossEntropyOptions,
): Result {
  const given = listedLabels(targets) as typeof targets;
  return briefCrossEntropy(context, x, given, options) ?? generalCrossEntropy(context, x, given, context.left(options));
}

function generalCrossEntropy(
  context: Context,
  x: FloatBatch,
  targets: Labels | FloatBatch,
  options: SoftmaxCrossEntropyOptions,
): Result {
  checkOptions(options, SOFTMAX_CROSS_ENTROPY);
  const { state, start } = options;
  if (state !== undefined) return shardCrossEntropy(context, x, targets as Labels, state, start, options);
  if (start !== undefined) throw new OptionError("start says where the columns stand that state is of; give both.");
  const { shape, axis, grad } = options;
  const call = readCrossEntropy(context, () => readBatch(x, shape, axis, context.arena), targets, options);
  const { batch } = call;
  placeGradient(call, grad, batch, context);
  const { gradient, transform, smoothing, classWeights } = call;
  const resident = areResident(batch, call.targets, gradient);
  // Whatever is made anew for the kernel passes through staging tiles.
  const asGiven = !transform.active && smoothing === 0 && !(call.targets && classWeights);
  const plain = takesPlainKernel(call);
  const across = plain && goesAcross(batch) && transform.softcap === undefined;
  const { tiles } = context;
  tiles.over(batch, resident && asGiven, across);
  while (tiles.nextLong()) longCrossEntropy(context, call, tiles.position);
  while (tiles.next()) {
    const from = transform.apply(tiles.read(batch, 0), tiles.floats, 0);
    const to = gradient ? (transform.active ? from : tiles.place(gradient, 0)) : 0;
    if (plain) plainRows(context, call, tiles.position, tiles.rows, from, to, across ? tiles.stride : 0);
    else generalRows(context, call, tiles.position, tiles.rows, from, to);
    if (!gradient) continue;
    if (transform.softcap !== undefined) transform.back(tiles.read(batch, 1, 0), to, tiles.floats);
    tiles.write(gradient, to);
  }
  return resultOf(call, gradient?.result);
}
