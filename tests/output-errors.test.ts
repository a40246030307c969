import { describe, it } from "vitest";
import { OutputError, OverlapError } from "../src/index.js";
import { describeEachBackend } from "./support/backends.js";
import { NAMED_CALLS, operandsFor } from "./support/calls.js";
import { expectRefused, filled } from "./support/refusals.js";

describeEachBackend("an output", (backend) => {
  describe.each(NAMED_CALLS)("of %s is refused, before anything is written,", (_, call) => {
    it.each([0, 5, 7, 12])("with room for %i numbers where there are 6", (length) => {
      expectRefused(backend.k, OutputError, "OUTPUT", (k, watch) => {
        const { x, beside, shape } = operandsFor(call, 2, 3);
        return call.run(k, watch(x), beside, { shape, to: watch(filled(length)) });
      });
      const to = backend.k.alloc([length]);
      expectRefused(backend.k, OutputError, "OUTPUT", (k, watch) => {
        const { x, beside, shape } = operandsFor(call, 2, 3);
        return call.run(k, watch(x), beside, { shape, to });
      });
      to.free();
    });

    it.each([1, 3, 5, -1, -5])("where it overlaps the input, %i elements off", (offset) => {
      expectRefused(backend.k, OverlapError, "OVERLAP", (k, watch) => {
        const { beside, shape } = operandsFor(call, 2, 3);
        const room = watch(filled(20));
        const to = room.subarray(7 + offset, 13 + offset);
        return call.run(k, room.subarray(7, 13), beside, { shape, to });
      });
      const room = backend.k.alloc([20]);
      expectRefused(backend.k, OverlapError, "OVERLAP", (k, watch) => {
        const { beside, shape } = operandsFor(call, 2, 3);
        watch(room.data);
        return call.run(k, room.rows(7, 13), beside, { shape, to: room.rows(7 + offset, 13 + offset) });
      });
      expectRefused(backend.k, OverlapError, "OVERLAP", (k, watch) => {
        const { beside, shape } = operandsFor(call, 2, 3);
        const data = watch(room.data);
        return call.run(k, room.rows(7, 13), beside, { shape, to: data.subarray(7 + offset, 13 + offset) });
      });
      room.free();
    });

    it("where it overlaps the operand beside the batch, in whole or in part", () => {
      if (call.beside === "nothing") return;
      for (const offset of call.beside === "labels" ? [0, 1, 4, -1] : [0, 1, 5, -5]) {
        expectRefused(backend.k, OverlapError, "OVERLAP", (k, watch) => {
          const { x, beside, shape } = operandsFor(call, 2, 3);
          const room = watch(new Float32Array(20));
          const to = room.subarray(7, 13);
          const start = (7 + offset) * 4;
          const second =
            beside instanceof Int32Array
              ? new Int32Array(room.buffer, start, 2)
              : new Float32Array(room.buffer, start, 6);
          return call.run(k, x, second, { shape, to });
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
