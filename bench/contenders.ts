// Who computes a case. A contender gets buffers of its own, changes its input a little before every call, and keeps what
// it computed: a result that nobody looks at may be optimised away, one for the same input may be cached.

import type { Xentropy } from "xentropy";
import { exchangeNext } from "./exchange.js";
import {
  arrayAlone,
  type Expected,
  indicesAlone,
  type Operands,
  type Operation,
  type Returned,
  runRival,
  valuesAndIndices,
} from "./operation.js";
import type { Problem } from "./problems.js";
import type { Kind, Placement } from "./record.js";

/** A contender at the start of a case. */
export interface Entry {
  readonly name: string;
  readonly kind: Kind;
  readonly placement: Placement;
  /** Changes one pair of elements, computes, and returns something of the result. */
  readonly call: () => number | Promise<number>;
  /** Whether `call` returns a promise. */
  readonly asynchronous?: boolean;
  /** Puts the first input back, computes, and hands the result out. */
  readonly result: () => Expected | Promise<Expected>;
  readonly free?: () => void;
}

export interface Contender {
  readonly name: string;
  readonly kind: Kind;
  readonly placements: readonly Placement[];
  /** Undefined where it has no such operation. */
  readonly prepare: (
    operation: Operation,
    problem: Problem,
    placement: Placement,
  ) => Entry | undefined | Promise<Entry | undefined>;
}

/** The baseline: the hand-written rivals in plain JavaScript, with every array given. */
export const javascript: Contender = {
  name: "JavaScript",
  kind: "javascript",
  placements: ["foreign"],
  prepare: (operation, problem, placement) => {
    const x = problem.x.slice();
    const y = problem.y.slice();
    const arrays = {
      ...problem,
      x,
      y,
      output: problem.output.slice(),
      values: problem.values.slice(),
      indices: problem.indices.slice(),
    };
    const compute = () => runRival(operation, arrays, problem.layout);
    const { indices } = arrays;
    const integers = operation.name === "argmax" || operation.name === "topK";
    const array = arrays.output.length > 0 ? arrays.output : operation.name === "argmax" ? [] : arrays.values;
    const result = integers ? indices : array;
    let at = 0;
    return {
      name: "JavaScript",
      kind: "javascript",
      placement,
      call: () => {
        at = exchangeNext(x, at);
        return compute() + result[at % result.length];
      },
      result: () => {
        x.set(problem.x);
        return { loss: compute(), array, ...(integers && { indices }) };
      },
    };
  },
};

/** The kernels of a backend: on arrays outside their memory, as most programs call them, or on resident batches. */
export function kernels(k: Xentropy): Contender {
  return {
    name: k.backend,
    kind: "xentropy",
    // The memory of js is JavaScript's own: resident batches save it nothing worth timing.
    placements: k.backend === "js" ? ["foreign"] : ["foreign", "resident"],
    prepare: (operation, problem, placement) =>
      placement === "foreign" ? onArrays(k, operation, problem) : onBatches(k, operation, problem),
  };
}

function onArrays(k: Xentropy, operation: Operation, problem: Problem): Entry {
  const x = problem.x.slice();
  const output = problem.output.slice();
  const values = problem.values.slice();
  const operands = { ...problem, x, y: problem.y.slice(), output, values };
  const array = operation.result === "values" ? values : output;
  return entryOf(k.backend, "foreign", operation, problem, {
    compute: () => operation.kernels(k, operands),
    input: () => x,
    output: () => array,
  });
}

function onBatches(k: Xentropy, operation: Operation, problem: Problem): Entry {
  const { shape } = problem;
  const x = k.alloc(shape);
  const y = k.alloc(problem.y.length > 0 ? shape : [0]);
  const labels = k.alloc(labelShape(problem), { dtype: "int32" });
  const output = k.alloc(problem.output.length > 0 ? shape : [0]);
  const values = k.alloc(operation.result === "values" ? labelShape(problem) : [0]);
  if (problem.y.length > 0) y.set(problem.y);
  labels.set(problem.labels);
  const operands: Operands = { shape, axis: problem.axis, x, y, labels, output, values };
  const result = operation.result === "values" ? values : output;
  // Views die when memory grows; a call must not make them anew.
  let inside = x.data;
  let outside = result.data;
  const entry = entryOf(k.backend, "resident", operation, problem, {
    compute: () => operation.kernels(k, operands),
    input: () => {
      if (inside.length === 0) inside = x.data;
      return inside;
    },
    output: () => {
      if (outside.length === 0) outside = result.data;
      return outside;
    },
  });
  const free = () => {
    for (const batch of [x, y, labels, output, values]) batch.free();
  };
  return { ...entry, free };
}

function labelShape({ shape, axis, labels }: Problem): readonly number[] {
  return labels.length > 0 ? shape.filter((_, i) => i !== (axis < 0 ? axis + shape.length : axis)) : [0];
}

/** The call, and where its input and result are at the moment. */
interface Calls {
  readonly compute: () => Returned;
  readonly input: () => Float32Array;
  readonly output: () => Float32Array;
}

function entryOf(
  name: string,
  placement: Placement,
  operation: Operation,
  problem: Problem,
  { compute, input, output }: Calls,
): Entry {
  let at = 0;
  const fresh = operation.result === "fresh";
  return {
    name,
    kind: "xentropy",
    placement,
    call: () => {
      at = exchangeNext(input(), at);
      const returned = compute();
      if (typeof returned === "number") return returned + output()[0];
      return "indices" in returned ? returned.indices[0] : returned[0];
    },
    result: () => {
      input().set(problem.x);
      const returned = compute();
      if (typeof returned === "number") return { loss: returned, array: output().slice() };
      if (!fresh) throw new Error(`${operation.name} returned an array`);
      return expectedOf(returned);
    },
  };
}

function expectedOf(returned: Exclude<Returned, number>): Expected {
  if ("indices" in returned) return valuesAndIndices(returned);
  return returned instanceof Int32Array ? indicesAlone(returned) : arrayAlone(returned);
}
