import { areResident, type FloatBatch, readBatch, readOperand } from "../batch.js";
import { checkOptions } from "../checks.js";
import { Columns, eachTile } from "../columns.js";
import type { Context } from "../context.js";
import { Transform } from "../logits.js";
import { type LossResult, LossTotal, readGradient, readReduction } from "../loss.js";
import { DISTILLATION } from "../option-names.js";
import type { SoftmaxKlDivergenceOptions } from "../options.js";
import { readGradOutput, upstreamAt } from "../weights.js";
import { briefPair } from "./brief-losses.js";

/** softmaxKlDivergence: the loss of knowledge distillation. */
export function softmaxKlDivergence(
  context: Context,
  student: FloatBatch,
  teacher: FloatBatch,
  options: SoftmaxKlDivergenceOptions,
): LossResult {
  return (
    briefPair(context, "distillation", student, teacher, options) ??
    generalKlDivergence(context, student, teacher, context.left(options))
  );
}

function generalKlDivergence(
  context: Context,
  student: FloatBatch,
  teacher: FloatBatch,
  options: SoftmaxKlDivergenceOptions,
): LossResult {
  checkOptions(options, DISTILLATION);
  const { shape, axis, reduction, grad, gradOutput, temperature } = options;
  const { kernels, arena, work } = context;
  const batch = readBatch(student, shape, axis, arena, "student");
  const other = readOperand(teacher, batch, arena, "teacher");
  const transform = Transform.read(context, undefined, temperature);
  const positions = batch.outer * batch.inner;
  const reduce = readReduction(reduction);
  const upstream = readGradOutput(gradOutput, batch, reduce === "none", arena);
  const gradient = readGradient(grad, batch.shape, arena, batch, [upstream], other, "teacher");
  const total = new LossTotal(reduce, positions, positions);
  const t = transform.temperature ?? 1;
  const scaleAt = (position: number) => upstreamAt(upstream, position) * total.scale * t;
  const { state, secondState, exponentials, pair, pairRoom } = work;
  const resident = areResident(batch, other, gradient);
  const tiles = context.tiles.over(batch, resident && !transform.active);
  while (tiles.nextLong()) {
    const { position } = tiles;
    const x = new Columns(context, batch, batch, position, 0);
    const y = new Columns(context, other, batch, position, 1);
    const to = gradient && new Columns(context, gradient, batch, position, 0);
    kernels.begin(state);
    kernels.begin(secondState);
    eachTile(work, batch.classes, (c, n) => {
      const a = transform.apply(x.read(c, n), n, 0);
      kernels.klAccumulate(state, secondState, a, transform.apply(y.read(c, n), n, 1), exponentials, n);
    });
    kernels.finish(state);
    kernels.finish(secondState);
    const sums = work.values;
    arena.f64.fill(0, sums >>> 3, (sums >>> 3) + 2);
    eachTile(work, batch.classes, (c, n) => {
      const a = transform.active ? transform.apply(x.read(c, n), n, 0) : x.recall(c, n);
      const b = transform.active ? transform.apply(y.read(c, n), n, 1) : y.recall(c, n);
      const g = to ? to.place(c) : 0;
      to?.expect(c, n);
      kernels.klApply(state, secondState, a, b, g, exponentials, n, scaleAt(position), sums);
      to?.write(c, n);
    });
    total.add(position, t * t * kernels.klLoss(sums));
  }
  while (tiles.next()) {
    const { rows, position } = tiles;
    const { f64 } = arena;
    for (let i = 0; i < rows; i++) f64[(work.scales >>> 3) + i] = scaleAt(position + i);
    const x = transform.apply(tiles.read(batch, 0), tiles.floats, 0);
    const y = transform.apply(tiles.read(other, 1), tiles.floats, 1);
    const to = gradient ? (transform.active ? x : tiles.place(gradient, 0)) : 0;
    const { scales, losses } = work;
    kernels.softmaxKlDivergence(x, y, to, scales, losses, rows, batch.classes, state, secondState, pair, pairRoom);
    const at = losses >>> 3;
    for (let i = 0; i < rows; i++) f64[at + i] *= t * t;
    total.addAll(f64, at, position, rows);
    if (gradient) tiles.write(gradient, to);
  }
  return total.result(gradient);
}
