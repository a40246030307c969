import { expect, it } from "vitest";
import type { FloatOutput } from "../src/index.js";
import { describeEachBackend } from "./support/backends.js";
import { linearProblem } from "./support/linear.js";

const NAMES = ["features", "weights", "bias"] as const;
type Name = (typeof NAMES)[number];
type Gradients = Record<Name, FloatOutput>;

/** What is read: those three, and targets. */
const READ = [...NAMES, "targets"] as const;
type Operands = Record<(typeof READ)[number], Float32Array>;

/** Each choice of some of the names. */
function choices<T>(names: readonly T[]): readonly (readonly T[])[] {
  return Array.from({ length: 2 ** names.length }, (_, bits) => names.filter((_, i) => bits & (1 << i)));
}

describeEachBackend("a linear layer's operands and gradients", (backend) => {
  // More features than bytes before the heap: what went to address 0, where there is no room, would be seen.
  const { features, weights, bias, labels, targets, shape } = linearProblem(40, 40, 7);
  const foreign = { features, weights, bias, targets };
  const shapes = { features: [40, 40], weights: [7, 40], bias: [7], targets: [40, 7] };

  it.each(choices(READ).map((names) => [names.join(", ") || "none", names] as const))(
    "have the same bits whichever of them are resident; operands: %s",
    (_, inside) => {
      const { k } = backend;
      const losses: readonly ((given: Operands, options: object) => { loss: unknown; grad?: object | undefined })[] = [
        (given, options) =>
          k.linearSoftmaxCrossEntropy(given.features, given.weights, labels, { ...options, bias: given.bias }),
        (given, options) =>
          k.linearSoftmaxCrossEntropy(given.features, given.weights, given.targets, { ...options, bias: given.bias }),
        (given, options) =>
          k.linearSigmoidCrossEntropy(given.features, given.weights, given.targets, { ...options, bias: given.bias }),
      ];
      const resident = (name: keyof Operands) => k.alloc(shapes[name]).set(foreign[name]);
      const batches = inside.map((name) => [name, resident(name)] as const);
      const given = { ...foreign, ...Object.fromEntries(batches) };
      const options = inside.includes("features") ? {} : { shape };
      for (const call of losses) {
        const expected = call(foreign, { shape, grad: true });
        for (const written of choices(NAMES)) {
          const grad: Record<Name, FloatOutput | true> = { features: true, weights: true, bias: true };
          for (const name of written) grad[name] = resident(name);
          const result = call(given, { ...options, grad });
          expect(result.loss).toBe(expected.loss);
          for (const name of NAMES) {
            const to = (result.grad as Gradients)[name];
            const what = `${name}, with ${written.join(", ") || "none"} resident of the gradients`;
            expect("toArray" in to ? to.toArray() : to, what).toEqual((expected.grad as Gradients)[name]);
            if (typeof grad[name] === "object" && "free" in grad[name]) grad[name].free();
          }
        }
      }
      for (const [, batch] of batches) batch.free();
    },
  );

  it("are read no further than they go, at the end of the memory too", () => {
    for (const depth of [7, 8, 9, 12, 15, 16]) {
      const k = backend.open();
      const problem = linearProblem(64, depth, 5);
      const size = problem.features.length * 4;
      const probe = k.alloc([4]);
      const at = probe.data.byteOffset;
      probe.free();
      // What lies before the features, 1 MiB and more, is free when they are read: the call needs no other memory.
      const page = 2 ** 16;
      const filler = k.alloc([(Math.ceil((at + size) / page) * page + 16 * page - at - size) / 4]);
      const x = k.alloc([64, depth]).set(problem.features);
      const { reserved } = k.memory;
      expect(x.data.byteOffset + size).toBe(reserved);
      filler.free();
      const { grad } = k.linearSoftmaxCrossEntropy(x, problem.weights, problem.labels, { grad: true });
      const { shape } = problem;
      const options = { shape, grad: true } as const;
      expect(grad).toEqual(
        backend.k.linearSoftmaxCrossEntropy(problem.features, problem.weights, problem.labels, options).grad,
      );
      expect(k.memory.reserved).toBe(reserved);
    }
  });
});
