import { describe, expect, it } from "vitest";
import { classesOf } from "../operations/support/layout.js";
import { type Operation, type Options, optionsOf, run, type Variant } from "../operations/support/operation.js";
import { VARIANTS } from "../operations/support/operations.js";
import { type BackendRow, describeEachBackend } from "../support/backends.js";
import { GuardedMemory } from "../support/kernel-memory.js";
import { expectSameBits } from "../support/ulp.js";

/** Words between two arrays, and before the first and behind the last. */
const MARGIN = 19;

type Words = Float32Array | Int32Array;

function isWords(value: unknown): value is Words {
  return value instanceof Float32Array || value instanceof Int32Array;
}

/** Every length on simd and relaxed, some of them on js, which takes long. */
function lengthsOf({ name }: BackendRow): number[] {
  const all = Array.from({ length: 131 }, (_, i) => i);
  return name === "js" ? [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 65, 127, 130] : all;
}

/** A call on two rows, and what comes out of it when nothing lies in kernel memory. */
function problem(backend: BackendRow, operation: Operation, variant: Variant, length: number) {
  const layout = { shape: [2, length], axis: -1 };
  if (length === 0 && operation.method === "argmax") return undefined;
  const operands = operation.operands(layout, length + 1);
  const options = optionsOf(operation, variant, layout, length + 2);
  const expected = run(backend.k, operation, operands, options);
  return { operands, options, expected, size: 2 * classesOf(layout) };
}

describeEachBackend("in kernel memory", (backend) => {
  const lengths = lengthsOf(backend);

  describe.each(VARIANTS)("%s, %s:", (_name, _title, operation, variant) => {
    it("inputs and outputs at any offset, their neighbours untouched, lengths 0 to 130", () => {
      const memory = new GuardedMemory(backend.k, 4000);
      for (const length of lengths) {
        const given = problem(backend, operation, variant, length);
        if (!given) continue;
        memory.clear();
        let at = MARGIN;
        // One word further each time: all four places that a float can have in a vector.
        const lay = (value: unknown) => {
          if (!isWords(value)) return value;
          const view = memory.put(value, at);
          at += value.length + MARGIN + 1 - (value.length & 3);
          return view;
        };
        const operands = given.operands.map(lay);
        const options: Options = Object.fromEntries(Object.entries(given.options).map(([k, v]) => [k, lay(v)]));
        const start = at;
        const to = operation.writes && { [operation.writes]: lay(new Float32Array(given.size)) };
        expect(at).toBeLessThan(memory.length);
        memory.keep();
        const got = run(backend.k, operation, operands, { ...options, ...to });
        for (const [name, values] of Object.entries(given.expected))
          expectSameBits(got[name], values, `${name}, ${length}`);
        expect(memory.changed(start, to ? given.size : 0), `length ${length}`).toBe(-1);
      }
      memory.free();
    });
  });
});

describeEachBackend("at the very end of kernel memory, behind which a read would trap,", (backend) => {
  const lengths = lengthsOf(backend);
  const k = () => {
    kernels ??= backend.open();
    return kernels;
  };
  let kernels: ReturnType<BackendRow["open"]> | undefined;
  let last: GuardedMemory | undefined;

  it.each(VARIANTS)("%s, %s: each input, and the output", (_name, _title, operation, variant) => {
    last ??= new GuardedMemory(k(), 1200, true);
    const end = last;
    expect(end.isLast).toBe(true);
    for (const length of lengths) {
      const given = problem(backend, operation, variant, length);
      if (!given) continue;
      const { operands, options, expected, size } = given;
      const atEnd = <T extends Words>(array: T): T => end.put(array, end.length - array.length);
      const check = (inputs: readonly unknown[], settings: Options) => {
        const got = run(k(), operation, inputs, settings);
        for (const [name, values] of Object.entries(expected)) expectSameBits(got[name], values, `${name}, ${length}`);
      };
      for (const [i, operand] of operands.entries()) {
        if (isWords(operand))
          check(
            operands.map((o, j) => (i === j ? atEnd(operand) : o)),
            options,
          );
      }
      for (const [name, value] of Object.entries(options)) {
        if (isWords(value)) check(operands, { ...options, [name]: atEnd(value) });
      }
      if (operation.writes) {
        check(operands, { ...options, [operation.writes]: atEnd(new Float32Array(size)) });
      }
    }
  });
});
