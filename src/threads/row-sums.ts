import type { RowSums } from "../context.js";
import type { Cut } from "./cut.js";

/** Sums of rows by a kernel that takes one row at a time: a call of it for each, many calls in a share. */
export function spreadRowSums(cut: Cut, e: number): RowSums {
  return (kernel, p, q, grad, rows, cols, scale) => {
    if (rows === 1 || cols === 0 || cut.few(rows, cols) || !cut.worth(kernel, rows * cols)) return undefined;
    cut.blocks(kernel, rows * cols, cols).reads(p, 4);
    if (kernel !== "entropy") cut.reads(q, 4).writes(grad, 4);
    cut.own(e).count();
    if (kernel !== "entropy") cut.value(scale);
    return cut.value(0).sums();
  };
}
