import { describe, expect, it } from "vitest";
import { DtypeError, OutputError, OverlapError } from "../src/index.js";
import { describeEachBackend } from "./support/backends.js";
import { operandsFor, WRITING_CALLS } from "./support/calls.js";
import { expectRefused, filled } from "./support/refusals.js";

describeEachBackend("an output", (backend) => {
  describe.each(WRITING_CALLS)("of %s is refused, before anything is written,", (_, call) => {
    it.each([0, 5, 7, 12])("with room for %i numbers where there are 6", (length) => {
      const { x, beside, shape } = operandsFor(call, 2, 3);
      expectRefused(backend.k, OutputError, "OUTPUT", (k, watch) =>
        call.run(k, watch(x), beside, { shape, to: watch(filled(length)) }),
      );
      const to = backend.k.alloc([length]);
      expectRefused(backend.k, OutputError, "OUTPUT", (k, watch) => call.run(k, watch(x), beside, { shape, to }));
      to.free();
    });

    it.each([1, 3, 5, -1, -5])("where it overlaps the input in part, %i elements off", (offset) => {
      const { beside, shape } = operandsFor(call, 2, 3);
      expectRefused(backend.k, OverlapError, "OVERLAP", (k, watch) => {
        const room = watch(filled(20));
        return call.run(k, room.subarray(7, 13), beside, { shape, to: room.subarray(7 + offset, 13 + offset) });
      });
      const room = backend.k.alloc([20]);
      expectRefused(backend.k, OverlapError, "OVERLAP", (k, watch) => {
        watch(room.data);
        return call.run(k, room.rows(7, 13), beside, { shape, to: room.rows(7 + offset, 13 + offset) });
      });
      expectRefused(backend.k, OverlapError, "OVERLAP", (k, watch) => {
        const data = watch(room.data);
        return call.run(k, room.rows(7, 13), beside, { shape, to: data.subarray(7 + offset, 13 + offset) });
      });
      room.free();
    });

    it("where it is the input, unless it may take its place", () => {
      if (call.replaces?.includes("x")) return;
      const { x, beside, shape } = operandsFor(call, 2, 3);
      expectRefused(backend.k, OverlapError, "OVERLAP", (k, watch) => call.run(k, watch(x), beside, { shape, to: x }));
    });

    it("where it overlaps the operand beside the batch, unless it may take its place", () => {
      if (call.beside === "nothing") return;
      const { x, beside, shape } = operandsFor(call, 2, 3);
      const whole = call.replaces?.includes("beside") ? [] : [0];
      for (const offset of call.beside === "labels" ? [0, 1, 4, -1] : [...whole, 1, 5, -5]) {
        expectRefused(backend.k, OverlapError, "OVERLAP", (k, watch) => {
          const room = watch(new Float32Array(20));
          const start = (7 + offset) * 4;
          const second =
            beside instanceof Int32Array
              ? new Int32Array(room.buffer, start, 2)
              : new Float32Array(room.buffer, start, 6);
          return call.run(k, x, second, { shape, to: room.subarray(7, 13) });
        });
      }
    });

    it("and taken where it touches the input without sharing an element", () => {
      const { x, beside, shape } = operandsFor(call, 2, 3);
      const room = new Float32Array(18);
      room.set(x, 6);
      call.run(backend.k, room.subarray(6, 12), beside, { shape, to: room.subarray(0, 6) });
      call.run(backend.k, room.subarray(6, 12), beside, { shape, to: room.subarray(12, 18) });
    });
  });

  it.each([
    ["before", 0, 24],
    ["behind", 8, 0],
  ])("of a loss is taken that touches its labels without sharing a byte, right %s them", (_, output, place) => {
    const buffer = new ArrayBuffer(32);
    const grad = new Float32Array(buffer, output, 6);
    const labels = new Int32Array(buffer, place, 2);
    labels.set([0, 2]);
    // Short calls have a check of their own.
    for (const options of [{ grad }, { grad, labelSmoothing: 0.1 }]) {
      const { loss, grad: got } = backend.k.softmaxCrossEntropy(filled(6), labels, { shape: [2, 3], ...options });
      expect([loss, got]).toEqual([Math.fround(Math.log(3)), grad]);
    }
  });

  it("of logSumExp is refused where it has another length than there are positions, or overlaps the input", () => {
    const x = filled(6);
    for (const length of [0, 1, 3, 6]) {
      expectRefused(backend.k, OutputError, "OUTPUT", (k, watch) =>
        k.logSumExp(watch(x), { shape: [2, 3], out: watch(filled(length)) }),
      );
    }
    expectRefused(backend.k, OverlapError, "OVERLAP", (k, watch) =>
      k.logSumExp(watch(x), { shape: [2, 3], out: x.subarray(4, 6) }),
    );
  });

  it.each(["sampleWeights", "classWeights", "gradOutput"])(
    "of a loss is refused where it overlaps its %s",
    (option) => {
      const { k } = backend;
      const z = k.alloc([9]);
      const x = filled(9);
      const weights = z.rows(3, 6).set([1, 2, 3]);
      expectRefused(k, OverlapError, "OVERLAP", (_, watch) => {
        watch(z.data);
        return k.softmaxCrossEntropy(x, [0, 1, 2], { shape: [3, 3], reduction: "none", grad: z, [option]: weights });
      });
      z.free();
    },
  );

  it("is an array or a batch itself, no object that has one as its data", () => {
    const x = filled(6);
    const room = { data: filled(6), shape: [6] } as never;
    const indices = { data: new Int32Array(1) } as never;
    expectRefused(backend.k, DtypeError, "DTYPE", (k) => k.softmax(x, { out: room }));
    expectRefused(backend.k, DtypeError, "DTYPE", (k) => k.argmax(x, { out: indices }));
    expectRefused(backend.k, DtypeError, "DTYPE", (k) => k.softmaxCrossEntropy(x, [0], { grad: room }));
    expectRefused(backend.k, DtypeError, "DTYPE", (k) => k.sigmoidCrossEntropy(x, x, { grad: room }));
    expectRefused(backend.k, DtypeError, "DTYPE", (k) =>
      k.linearSoftmaxCrossEntropy(x, filled(12), [1], { grad: { features: room } }),
    );
  });

  it("of set is refused where the source has another length", () => {
    const z = backend.k.alloc([2, 3]);
    for (const length of [0, 5, 7]) {
      expectRefused(backend.k, OutputError, "OUTPUT", (_, watch) => {
        watch(z.data);
        return z.set(filled(length));
      });
    }
    z.free();
  });
});
