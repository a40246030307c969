import { describe, expect, it } from "vitest";
import { describeEachBackend } from "./support/backends.js";
import { NAMED_CALLS, operandsFor } from "./support/calls.js";
import { normal } from "./support/samples.js";

/** A NaN with a payload: arithmetic or a copy through a float would change it. */
const GUARD = 0x7f_a5_5a_a5;
const MARGIN = 21;

/** A copy of an array between guards, and a check of everything but the array itself. */
function guarded<T extends Float32Array | Int32Array>(array: T): { view: T; check(): void; checkAll(): void } {
  const bits = new Int32Array(array.length + 2 * MARGIN).fill(GUARD);
  const room = new (array.constructor as new (buffer: ArrayBuffer) => T)(bits.buffer);
  room.set(array, MARGIN);
  const view = room.subarray(MARGIN, MARGIN + array.length) as T;
  const before = bits.slice();
  return {
    view,
    check() {
      expect(bits.subarray(0, MARGIN).every((word) => word === GUARD)).toBe(true);
      expect(bits.subarray(MARGIN + array.length).every((word) => word === GUARD)).toBe(true);
    },
    checkAll() {
      expect(bits.findIndex((word, i) => word !== before[i])).toBe(-1);
    },
  };
}

const SHAPES = [
  [1, 1],
  [1, 2],
  [2, 3],
  [1, 5],
  [3, 17],
  [4, 67],
  [1, 2049],
  [4097, 3],
  [1, 65_537],
] as const;

describeEachBackend("no byte outside the given ranges changes", (backend) => {
  const shapes = SHAPES.filter(([rows, length]) => backend.affords(rows * length));

  describe.each(NAMED_CALLS)("%s", (_, call) => {
    it.each(shapes)("inputs stay as they are, an output changes between its ends: shape [%i, %i]", (rows, length) => {
      const operands = operandsFor(call, rows, length);
      const x = guarded(operands.x);
      const beside = operands.beside && guarded<Float32Array | Int32Array>(operands.beside);
      const { shape } = operands;
      call.run(backend.k, x.view, beside?.view, { shape });
      x.checkAll();
      beside?.checkAll();
      if (!call.replaces) return;
      const to = guarded(new Float32Array(x.view.length));
      call.run(backend.k, x.view, beside?.view, { shape, to: to.view });
      x.checkAll();
      beside?.checkAll();
      to.check();
      if (!call.replaces.includes("x")) return;
      call.run(backend.k, x.view, beside?.view, { shape, to: x.view });
      x.check();
      beside?.checkAll();
    });

    it.each(shapes)("resident neighbours stay as they are: shape [%i, %i]", (rows, length) => {
      const { k } = backend;
      const { x, beside, shape } = operandsFor(call, rows, length);
      const before = k.alloc([64], { dtype: "int32" });
      const z = k.alloc(shape).set(x);
      const between = k.alloc([64], { dtype: "int32" });
      const to = k.alloc(shape);
      const after = k.alloc([64], { dtype: "int32" });
      const guards = [before, between, after];
      for (const guard of guards) guard.data.fill(GUARD);
      call.run(k, z, beside, call.replaces ? { to } : {});
      expect(z.data.findIndex((value, i) => value !== x[i])).toBe(-1);
      call.run(k, x, beside, call.replaces ? { shape, to } : { shape });
      if (call.replaces?.includes("x")) call.run(k, z, beside, { to: z });
      for (const guard of guards) expect(guard.data.every((word) => word === GUARD)).toBe(true);
      for (const batch of [...guards, z, to]) batch.free();
    });
  });

  it("not even right behind the workspace, where classes are moved apart", () => {
    const k = backend.open();
    const neighbour = k.alloc([8192]);
    neighbour.data.fill(7);
    k.softmax(normal(320 * 1024, 3), { shape: [320, 1024], axis: 0 });
    expect(neighbour.data.every((value) => value === 7)).toBe(true);
  });

  it("views at the ends of a resident batch leave the rows between and beside alone", () => {
    const { k } = backend;
    const z = k.alloc([9, 3]);
    z.data.fill(7);
    k.softmax(z.rows(1, 3), { out: z.rows(5, 7) });
    const expected = new Float32Array(27).fill(7);
    expected.fill(k.softmax(Float32Array.of(7, 7, 7))[0], 15, 21);
    expect(z.toArray()).toEqual(expected);
    z.free();
  });
});
