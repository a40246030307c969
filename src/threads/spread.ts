import type { Kernels, ThreadKernels } from "../backend/backend.js";
import type { Workspace } from "../workspace.js";
import { spreadAcross } from "./across.js";
import { spreadColumns } from "./columns.js";
import type { Cut } from "./cut.js";
import { spreadDivergences } from "./divergences.js";
import { spreadElements } from "./elements.js";
import { spreadLinear } from "./linear.js";
import { spreadLosses } from "./losses.js";
import { spreadRows } from "./rows.js";
import type { SharedStreams } from "./streams.js";
import { spreadSums } from "./sums.js";

/** What kernels over rows are spread with. */
export interface Tools {
  /** The kernels on one thread. */
  readonly one: ThreadKernels;
  /** The kernels with those spread that go over elements, or over the columns of one row. */
  readonly parts: Kernels;
  readonly cut: Cut;
  readonly streams: SharedStreams;
  readonly work: Workspace;
}

/** The kernels, with the same arguments and the same bits, spread over a pool of threads. */
export function spreadKernels(one: ThreadKernels, cut: Cut, streams: SharedStreams, work: Workspace): Kernels {
  const elements = { ...one, ...spreadElements(one, cut), ...spreadAcross(one, cut), ...spreadSums(one, cut) };
  const parts = { ...elements, ...spreadLinear(one, cut, work), ...spreadColumns(one, cut, work) };
  const tools = { one, parts, cut, streams, work };
  return { ...parts, ...spreadRows(tools), ...spreadDivergences(tools), ...spreadLosses(tools) };
}
