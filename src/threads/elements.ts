import type { Kernels } from "../backend/backend.js";
import type { Cut } from "./cut.js";

/** Kernels that go element by element, some with what is known of the row: any cut gives the same bits. */
export function spreadElements(one: Kernels, cut: Cut): Partial<Kernels> {
  return {
    sigmoid: map(one, cut, "sigmoid"),
    logSigmoid: map(one, cut, "logSigmoid"),
    softplus: map(one, cut, "softplus"),
    logit: map(one, cut, "logit"),
    temper: change(one, cut, "temper"),
    softcap: change(one, cut, "softcap"),
    softcapBackward(x, grad, n, cap) {
      if (!cut.worth("softcapBackward", n)) one.softcapBackward(x, grad, n, cap);
      else cut.elements("softcapBackward", n).reads(x, 4).changes(grad, 4).count().value(cap).run();
    },
    softmaxBackwardApply: combine(one, cut, "softmaxBackwardApply"),
    logSoftmaxBackwardApply: combine(one, cut, "logSoftmaxBackwardApply"),
    logSoftmaxApply(state, x, out, n) {
      if (!cut.worth("logSoftmaxApply", n)) one.logSoftmaxApply(state, x, out, n);
      else cut.elements("logSoftmaxApply", n).value(state).reads(x, 4).writes(out, 4).count().run();
    },
  };
}

/** x to out. */
function map(one: Kernels, cut: Cut, kernel: "sigmoid" | "logSigmoid" | "softplus" | "logit"): Kernels["sigmoid"] {
  return (x, out, n, e) => {
    if (!cut.worth(kernel, n)) one[kernel](x, out, n, e);
    else cut.elements(kernel, n).reads(x, 4).writes(out, 4).count().own(e).run();
  };
}

/** Logits to logits. */
function change(one: Kernels, cut: Cut, kernel: "temper" | "softcap"): Kernels["softcap"] {
  return (x, out, n, by) => {
    if (!cut.worth(kernel, n)) one[kernel](x, out, n, by);
    else cut.elements(kernel, n).reads(x, 4).writes(out, 4).count().value(by).run();
  };
}

/** Two operands and a sum along the row. */
function combine(
  one: Kernels,
  cut: Cut,
  kernel: "softmaxBackwardApply" | "logSoftmaxBackwardApply",
): Kernels["softmaxBackwardApply"] {
  return (a, b, out, n, s) => {
    if (!cut.worth(kernel, n)) one[kernel](a, b, out, n, s);
    else cut.elements(kernel, n).reads(a, 4).reads(b, 4).writes(out, 4).count().value(s).run();
  };
}
