import { afterAll, expect, it } from "vitest";
import { OverlapError } from "../../src/index.js";
import { openSharing } from "../support/sharing.js";
import { expectSameBits } from "../support/ulp.js";

const { one, k } = await openSharing();
afterAll(() => k.dispose());

it("a view from before shared memory grew is of that memory still", () => {
  const z = k.alloc([3, 4000]);
  const { data } = z;
  k.alloc([(k.memory.reserved - k.memory.used) / 4 + 100_000]);
  expect(data.buffer).not.toBe(z.data.buffer);
  const x = data.subarray(0, 8000);
  const shape = [2, 4000];
  expect(() => k.softmax(x, { shape, out: z.rows(1, 3) })).toThrow(OverlapError);
  expectSameBits(k.softmax(x, { shape }), one.softmax(new Float32Array(8000), { shape }), "input");
});
