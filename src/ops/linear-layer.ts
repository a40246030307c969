import {
  type Batch,
  type FloatBatch,
  type FloatOutput,
  type Floats,
  readBatch,
  readFloats,
  readOperand,
} from "../batch.js";
import { checkOptions, copyOptions, readFlag, refuse } from "../checks.js";
import type { Context } from "../context.js";
import { OptionError, ShapeError } from "../errors.js";
import type { Arena } from "../memory.js";
import type { LinearGradientOption, LinearOptions } from "../options.js";
import { checkApart, checkOutputApart, newFloats, readRoom } from "../outputs.js";
import { ResidentBatch } from "../resident.js";
import { pinned, type Scratch, withScratch } from "../scratch.js";
import { checkPositions, checkShape, sizeOf } from "../shape.js";

/** The linear layer under a classifier's loss: its operands and where its gradients go, read and checked. */

export interface Layer {
  /** [N, D] */
  readonly features: Batch;
  /** [C, D] */
  readonly weights: Floats;
  /** [C] */
  readonly bias: Floats | undefined;
  /** N */
  readonly positions: number;
  /** D */
  readonly depth: number;
  /** C */
  readonly classes: number;
  /** The logits, of which only the shape is real: that of the features with C in place of D. */
  readonly logits: Batch;
}

/** What both losses of a linear layer are given, besides options. */
interface LayerOperands<T> {
  readonly features: FloatBatch;
  readonly weights: FloatBatch;
  readonly targets: T;
}

/**
 * Runs a loss of a linear layer. Options are read once; `prepare` gets them with the targets, checks them, places the gradients,
 * takes its memory and gives what does the work: see withScratch.
 */
export function withLayer<T, O extends LinearOptions, R>(
  { arena, work }: Context,
  operands: LayerOperands<T>,
  options: O,
  names: readonly (keyof O & string)[],
  prepare: (layer: Layer, targets: T, options: O, place: PlaceGradients, scratch: Scratch) => () => R,
): R {
  checkOptions(options, names);
  const read = copyOptions(options, names) as O;
  const [given, chosen] = [pinned(operands, arena), pinned(read, arena)];
  const wanted = pinned(readWanted(read.grad), arena);
  return withScratch(work, (scratch) => {
    const { features, weights, targets } = given();
    const { shape, bias, accumulate } = chosen();
    const places = wanted();
    const layer = readLayer(features, weights, shape, bias, arena);
    const place: PlaceGradients = (targets, inputs) => readGradients(places, accumulate, layer, targets, inputs, arena);
    return prepare(layer, targets, read, place, scratch);
  });
}

function readLayer(x: FloatBatch, w: FloatBatch, shape: unknown, bias: unknown, arena: Arena): Layer {
  const features = readBatch(x, shape, undefined, arena, "features");
  const { outer: positions, classes: depth } = features;
  const weights = readFloats(w, arena, "weights");
  const classes = countClasses(weights, depth);
  const b = bias === undefined ? undefined : readOperand(bias, { shape: [classes], length: classes }, arena, "bias");
  const logits = {
    array: undefined,
    pointer: 0,
    start: 0,
    end: 0,
    length: positions * classes,
    ownShape: undefined,
    shape: features.shape.map((size, axis) => (axis === features.axis ? classes : size)),
    axis: features.axis,
    outer: positions,
    classes,
    inner: 1,
  };
  return { features, weights, bias: b, positions, depth, classes, logits };
}

/** Weights are [C, D]; flat ones say by their length how many classes there are. */
function countClasses({ ownShape, length }: Floats, depth: number): number {
  if (ownShape !== undefined) {
    const sizes = checkShape(ownShape, length, "weights");
    if (sizes.length !== 2 || sizes[1] !== depth) {
      throw new ShapeError(`weights has the shape [${sizes}]; [classes, ${depth}] is wanted.`);
    }
    if (depth === 0) checkPositions(sizes[0], sizes);
    return sizes[0];
  }
  if (depth === 0 ? length > 0 : length % depth !== 0) {
    throw new ShapeError(`weights has length ${length}, which makes no rows of ${depth}, as the features have.`);
  }
  return depth === 0 ? 0 : length / depth;
}

const NAMES = ["features", "weights", "bias"] as const;

/** What to call in a message what gradients lie apart from, themselves among it. */
const TAKEN = [...NAMES, "targets", ...NAMES.map((name) => `grad.${name}`)];

/** Where gradients go, each if it is wanted. */
export interface LayerGradients {
  readonly features: Floats | undefined;
  readonly weights: Floats | undefined;
  readonly bias: Floats | undefined;
  /** Whether they are added to what stands there. */
  readonly accumulate: boolean;
  /** What the call returns. */
  readonly results: { [name in (typeof NAMES)[number]]?: FloatOutput } | undefined;
}

/** Which gradients are wanted, and where. */
type WantedGradients = Exclude<LinearGradientOption, boolean>;

/** Gradients lie apart from each other and from what is read: the operands, and labels and weights among `inputs`. */
type PlaceGradients = (targets: Floats | undefined, inputs: readonly unknown[]) => LayerGradients;

/** Reads where gradients go, and `accumulate`. */
function readGradients(
  wanted: WantedGradients,
  accumulate: unknown,
  layer: Layer,
  targets: Floats | undefined,
  inputs: readonly unknown[],
  arena: Arena,
): LayerGradients {
  const { classes, depth } = layer;
  const taken = [layer.features, layer.weights, layer.bias, targets];
  const shapes = [layer.features.shape, [classes, depth], [classes]];
  const given = [wanted.features, wanted.weights, wanted.bias];
  const places = given.map((place, i) => {
    return place === true ? newFloats(sizeOf(shapes[i])) : place === false ? undefined : place;
  });
  const add = readFlag(accumulate, "accumulate");
  if (add && !places.some((place, i) => place !== undefined && place === given[i])) {
    throw new OptionError("accumulate adds to gradients that are given, and none is.");
  }
  let results: LayerGradients["results"];
  for (let i = 0; i < places.length; i++) {
    const place = places[i];
    const what = TAKEN[taken.length];
    if (place === undefined) {
      taken.push(undefined);
      continue;
    }
    const output = readRoom(place, shapes[i], arena, what);
    for (let j = 0; j < taken.length; j++) {
      const other = taken[j];
      if (other) checkApart(output, other, arena, what, TAKEN[j]);
    }
    checkOutputApart(output, arena, what, inputs);
    taken.push(output);
    results ??= {};
    results[NAMES[i]] = place;
  }
  return { features: taken[4], weights: taken[5], bias: taken[6], accumulate: add, results };
}

/** Reads `grad`. */
function readWanted(grad: unknown): WantedGradients {
  if (grad === undefined || grad === false) return {};
  if (grad === true) return { features: true, weights: true, bias: true };
  if (typeof grad !== "object" || grad === null || Symbol.iterator in grad || grad instanceof ResidentBatch) {
    return refuse("grad", "true, or any of features, weights and bias", grad);
  }
  checkOptions(grad, NAMES, "grad.");
  const { features, weights, bias } = grad as WantedGradients;
  return { features, weights, bias };
}
