import { afterAll, describe, it } from "vitest";
import { NAMED_CALLS, operandsFor } from "../support/calls.js";
import { normal } from "../support/samples.js";
import { ALONE, callShared, openSharing } from "../support/sharing.js";
import { expectSameBits } from "../support/ulp.js";

const { one, threads, k } = await openSharing();
afterAll(() => k.dispose());

/** First and middle axes; classes a multiple of 256 floats apart or not, positions whole vectors or not; rows of strips. */
const LAYOUTS = [
  { shape: [70, 768], axis: 0 },
  { shape: [70, 300], axis: 0 },
  { shape: [70, 303], axis: 0 },
  { shape: [900, 256], axis: 0 },
  { shape: [3, 40, 512], axis: 1 },
  { shape: [3, 40, 7, 19], axis: 1 },
  { shape: [140_001, 3], axis: 0 },
] as const;

describe.each(NAMED_CALLS.filter(([, { by }]) => by === "row"))("%s", (_, call) => {
  it.each(LAYOUTS)("along another axis is shared, and has the bits of one thread: $shape, axis $axis", (layout) => {
    const { shape, axis } = layout;
    const classes = shape[axis];
    const size = shape.reduce((product, n) => product * n, 1);
    const { x, beside } = operandsFor(call, size / classes, classes);
    const options = { shape, axis };
    const expected = call.run(one, x, beside, options);
    const second = beside instanceof Float32Array ? k.alloc(shape).set(beside) : beside;
    const there = k.alloc(shape);
    const room = k.alloc(shape);
    callShared(threads, !ALONE.has(call.name), () => {
      const foreign = call.run(k, x, beside, options);
      expectSameBits(foreign.array, expected.array, "foreign");
      expectSameBits(foreign.loss, expected.loss, "loss, foreign");
      for (const to of call.replaces?.includes("x") ? [undefined, room, there] : [undefined]) {
        const got = call.run(k, there.set(x), second, { ...options, ...(to && { to }) });
        const what = `resident to ${to === there ? "itself" : to === room ? "another" : "an array"}`;
        expectSameBits(got.array, expected.array, what);
        expectSameBits(got.loss, expected.loss, `loss, ${what}`);
      }
    });
    for (const batch of [there, room, second]) if (batch && "free" in batch) batch.free();
  });
});

it.each(LAYOUTS)("a scale a position goes to its worker: shape $shape, axis $axis", ({ shape, axis }) => {
  const positions = shape.reduce((product, n) => product * n, 1) / shape[axis];
  const x = normal(positions * shape[axis], 3, 0, 4);
  const labels = Int32Array.from({ length: positions }, (_, i) => (i * 7) % shape[axis]);
  const sampleWeights = normal(positions, 4).map(Math.abs);
  const options = { shape, axis, sampleWeights, grad: true, reduction: "none" } as const;
  const expected = one.softmaxCrossEntropy(x, labels, options);
  const got = k.softmaxCrossEntropy(x, labels, options);
  expectSameBits(got.loss, expected.loss, "loss");
  expectSameBits(got.grad, expected.grad, "gradient");
});
