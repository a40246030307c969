import type { Kernels } from "../backend/backend.js";
import type { Cut } from "./cut.js";

/** Kernels over positions side by side: any cut between positions gives the same bits. */
export function spreadAcross(one: Kernels, cut: Cut): Partial<Kernels> {
  return {
    softmaxAcross: across(one, cut, "softmaxAcross", true),
    logSoftmaxAcross: across(one, cut, "logSoftmaxAcross", true),
    logSumExpAcross: across(one, cut, "logSumExpAcross", false),
    argmaxAcross(x, out, classes, width, stride) {
      if (!cut.worth("argmaxAcross", width * classes)) return one.argmaxAcross(x, out, classes, width, stride);
      cut.elements("argmaxAcross", width, classes).reads(x, 4).writes(out, 4);
      cut.value(classes).count().value(stride).run();
    },
    softmaxCrossEntropyAcross(x, grad, labels, scales, scale, losses, classes, width, stride, state, strip) {
      if (!cut.worth("softmaxCrossEntropyAcross", width * classes)) {
        one.softmaxCrossEntropyAcross(x, grad, labels, scales, scale, losses, classes, width, stride, state, strip);
        return;
      }
      cut.elements("softmaxCrossEntropyAcross", width, classes).reads(x, 4);
      cut.writes(grad, 4, reachOf(classes, stride)).reads(labels, 4).reads(scales, 8).value(scale).writes(losses, 8);
      cut.value(classes).count().value(stride).own(state).own(strip).run();
    },
  };
}

/** `wide`: results are of every class, not one a position. */
function across(
  one: Kernels,
  cut: Cut,
  kernel: "softmaxAcross" | "logSoftmaxAcross" | "logSumExpAcross",
  wide: boolean,
): Kernels["softmaxAcross"] {
  return (x, out, classes, width, stride, records, strip) => {
    if (!cut.worth(kernel, width * classes)) {
      one[kernel](x, out, classes, width, stride, records, strip);
      return;
    }
    const reach = wide ? reachOf(classes, stride) : 0;
    cut.elements(kernel, width, classes).reads(x, 4).writes(out, 4, reach);
    cut.value(classes).count().value(stride).own(records).own(strip).run();
  };
}

/** Bytes from the first class of a position to its last. */
function reachOf(classes: number, stride: number): number {
  return (classes - 1) * stride * 4;
}
