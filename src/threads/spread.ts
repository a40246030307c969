import type { Kernels } from "../backend/backend.js";
import type { Workspace } from "../memory.js";
import { spreadColumns } from "./columns.js";
import type { Cut } from "./cut.js";
import { spreadElements } from "./elements.js";
import { spreadLinear } from "./linear.js";
import { spreadRows } from "./rows.js";
import type { Streams } from "./streams.js";

/** The kernels, with the same arguments and the same bits, spread over a pool of threads. */
export function spreadKernels(one: Kernels, cut: Cut, streams: Streams, work: Workspace): Kernels {
  const parts = { ...one, ...spreadElements(one, cut), ...spreadLinear(one, cut, work) };
  const columns = { ...parts, ...spreadColumns(one, cut, work) };
  return { ...columns, ...spreadRows(one, columns, cut, streams, work) };
}
