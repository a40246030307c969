import { expect, it } from "vitest";
import { describeEachBackend } from "../support/backends.js";

describeEachBackend("memory that was freed", (backend) => {
  it("at the end is part of a larger batch that takes all that there is", () => {
    const k = backend.open({ maximumMemory: 4 << 20 });
    const last = k.alloc([4]);
    const rest = k.memory.maximum - last.data.byteOffset;
    last.free();
    expect(k.alloc([rest / 4]).length).toBe(rest / 4);
    expect(k.memory.reserved).toBe(k.memory.maximum);
  });

  it("is freed once: a batch that is freed after its kernels leaves 0 in use", () => {
    const k = backend.open();
    const z = k.alloc([100]);
    k.dispose();
    z.free();
    expect(k.memory.used).toBe(0);
  });
});
