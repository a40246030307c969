import { areResident, type FloatBatch, type FloatOutput, readElements } from "../batch.js";
import { checkOptions } from "../checks.js";
import type { Context } from "../context.js";
import type { ElementwiseOptions } from "../options.js";
import { readOutput } from "../outputs.js";
import { briefArray } from "./brief.js";
import type { Elementwise } from "./brief-shared.js";

/** Operations on each element by itself. */

const OPTIONS = ["shape", "out"];

export function elementwise(
  context: Context,
  operation: Elementwise,
  x: FloatBatch,
  options: ElementwiseOptions,
): FloatOutput {
  return briefArray(context, operation, x, options) ?? general(context, operation, x, context.left(options));
}

function general(context: Context, operation: Elementwise, x: FloatBatch, options: ElementwiseOptions): FloatOutput {
  checkOptions(options, OPTIONS);
  const { shape, out } = options;
  const { kernels, arena, work } = context;
  const batch = readElements(x, shape, arena);
  const output = readOutput(out, batch.shape, arena, "out", batch);
  const tiles = context.tiles.flat(batch.length, areResident(batch, output));
  while (tiles.next()) {
    const from = tiles.read(batch, 0);
    const to = tiles.place(output, 0);
    kernels[operation](from, to, tiles.floats, work.exponentials);
    tiles.write(output, to);
  }
  return output.result;
}
