import { BLOCK, type Summing } from "../backend/backend.js";
import { areResident, type FloatBatch, type FloatOutput, positionShape, readBatch, readOperand } from "../batch.js";
import { checkOptions } from "../checks.js";
import { Columns, eachTile } from "../columns.js";
import type { Context } from "../context.js";
import { type LossResult, LossTotal, leastOf, readGradient, readReduction, readUnit, readValues } from "../loss.js";
import type { DivergenceOptions } from "../options.js";
import { briefDivergence } from "./brief.js";

/** Entropy and divergences of given distributions, a value for each position. */

const ENTROPY = ["shape", "axis", "out", "reduction", "unit"];
const DIVERGENCE = [...ENTROPY, "grad"];

/** `q`: undefined for the entropy, which has no gradient either. */
export function divergence(
  context: Context,
  operation: Summing,
  p: FloatBatch,
  q: FloatBatch | undefined,
  options: DivergenceOptions,
): FloatOutput | number | LossResult {
  return briefDivergence(context, operation, p, q, options) ?? general(context, operation, p, q, context.left(options));
}

/** Sums the kernel's terms at each position. */
function general(
  context: Context,
  operation: Summing,
  p: FloatBatch,
  q: FloatBatch | undefined,
  options: DivergenceOptions,
): FloatOutput | number | LossResult {
  const alone = operation === "entropy";
  checkOptions(options, alone ? ENTROPY : DIVERGENCE);
  const { shape, axis, out, reduction, unit } = options;
  const place = alone ? undefined : options.grad;
  const { arena, kernels, work } = context;
  const batch = readBatch(p, shape, axis, arena, "p");
  const other = alone ? undefined : readOperand(q, batch, arena, "q");
  const gradient = other && readGradient(place, batch.shape, arena, other, [], batch, "p");
  const { classes } = batch;
  const count = batch.outer * batch.inner;
  const factor = readUnit(unit);
  const reduce = readReduction(reduction, "none");
  const values = readValues(out, reduce, positionShape(batch), arena, batch, other, gradient);
  const total = new LossTotal(reduce, count, count, values);
  const scale = total.scale * factor;
  const run = (p: number, q: number, grad: number, rows: number, cols: number, sums: number) => {
    const e = work.exponentials;
    if (alone) kernels.entropy(p, e, rows, cols, sums);
    else kernels[operation](p, q, grad, e, rows, cols, scale, sums);
  };
  const least = leastOf(operation);
  const resident = areResident(batch, other, gradient);
  const tiles = context.tiles.over(batch, resident);
  while (tiles.nextLong()) {
    const { position } = tiles;
    const p = new Columns(context, batch, batch, position, 0);
    const q = other && new Columns(context, other, batch, position, 1);
    const grad = gradient && new Columns(context, gradient, batch, position, 1);
    let sum = 0;
    eachTile(work, classes, (c, n) => {
      const a = p.read(c, n);
      const b = q ? q.read(c, n) : 0;
      const to = grad ? grad.place(c) : 0;
      grad?.expect(c, n);
      // Each block is a row to the kernel: their sums are added in order, however the row was cut.
      const whole = n - (n % BLOCK);
      const at = whole * 4;
      const blocks = Math.ceil(n / BLOCK);
      if (whole) run(a, b, to, whole / BLOCK, BLOCK, work.values);
      if (n > whole) run(a + at, b + at, to && to + at, 1, n - whole, work.values + (blocks - 1) * 8);
      const sums = work.values >>> 3;
      for (let i = 0; i < blocks; i++) sum += arena.f64[sums + i];
      grad?.write(c, n);
    });
    total.add(position, Math.max(sum, least) * factor);
  }
  while (tiles.next()) {
    const p = tiles.read(batch, 0);
    const q = other ? tiles.read(other, 1) : 0;
    const grad = gradient ? tiles.place(gradient, 1) : 0;
    run(p, q, grad, tiles.rows, classes, work.losses);
    const from = work.losses >>> 3;
    for (let row = 0; row < tiles.rows; row++) {
      total.add(tiles.position + row, Math.max(arena.f64[from + row], least) * factor);
    }
    if (gradient) tiles.write(gradient, grad);
  }
  return gradient ? total.result(gradient) : total.value;
}
