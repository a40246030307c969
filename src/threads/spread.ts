import type { Kernels, ThreadKernels } from "../backend/backend.js";
import type { Workspace } from "../workspace.js";
import { spreadAcross } from "./across.js";
import { spreadColumns } from "./columns.js";
import type { Cut } from "./cut.js";
import { spreadElements } from "./elements.js";
import { spreadLinear } from "./linear.js";
import { spreadRows } from "./rows.js";
import { spreadSums } from "./sums.js";

/** The kernels, with the same arguments and the same bits, spread over a pool of threads. */
export function spreadKernels(one: ThreadKernels, cut: Cut, work: Workspace): Kernels {
  return {
    ...one,
    ...spreadElements(one, cut),
    ...spreadAcross(one, cut),
    ...spreadSums(one, cut),
    ...spreadLinear(one, cut, work),
    ...spreadColumns(one, cut, work),
    ...spreadRows(one, cut),
  };
}
