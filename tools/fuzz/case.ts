// One case: an operation, a batch, options, and where everything lies. It is told by three integers and a layout, so
// that fast-check can make it smaller.

import fc from "fast-check";
import { type FuzzOperation, type Layout, OPERATIONS, type Operand } from "./operations.js";
import type { Options } from "./options.js";
import { PLACES, type Place } from "./places.js";
import { Random } from "./random.js";
import { BLOCK } from "./values.js";

export interface Case {
  readonly operation: number;
  readonly outer: readonly number[];
  readonly classes: number;
  readonly inner: readonly number[];
  readonly place: Place;
  readonly seed: number;
}

/** Numbers that a batch may have, and one of long rows, which take several tiles. */
const MOST = 40_000;
const MOST_LONG = 400_000;
const LONG = 5000;

/** Axes lengths: mostly short, with the ends of vectors, narrow rows and blocks among them. */
const CLASSES = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 12 }) },
  { weight: 3, arbitrary: fc.integer({ min: 13, max: 70 }) },
  { weight: 1, arbitrary: fc.constantFrom(0, 127, 128, 2047, 2048, 2049, 4100) },
);
/** Positions side by side whose distance brings their classes to a few sets of a cache, and one that doesn't. */
const ABREAST = fc.constantFrom([64], [256], [4, 64], [1001]);
const OTHERS = fc.array(fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constantFrom(0, 6, 17)), { maxLength: 2 });

const CHOICES = {
  operation: fc.nat(OPERATIONS.length - 1),
  place: fc.constantFrom(...PLACES),
  // A smaller seed makes no simpler case.
  seed: fc.noShrink(fc.nat(2 ** 31 - 1)),
};

const SHORT_ROWS = fc.record({
  ...CHOICES,
  outer: OTHERS,
  classes: CLASSES,
  inner: fc.oneof(
    { weight: 12, arbitrary: fc.constant([]) },
    { weight: 6, arbitrary: OTHERS },
    { weight: 1, arbitrary: ABREAST },
  ),
});

const LONG_ROWS = fc.record({
  ...CHOICES,
  outer: fc.tuple(fc.integer({ min: 1, max: 6 })),
  classes: fc.integer({ min: LONG, max: 70_000 }),
  inner: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.tuple(fc.integer({ min: 1, max: 3 })) },
  ),
});

/** Positions of which a tile holds few, more of them than are turned into rows at a time. */
const STRIPS = fc.record({
  ...CHOICES,
  outer: fc.constant([]),
  classes: fc.integer({ min: 16_385, max: 20_000 }),
  inner: fc.tuple(fc.integer({ min: 15, max: 20 })),
});

/** Rows that take several blocks, whose sums are joined: some end with a block, or next to its end. */
const ROWS_OF_BLOCKS = fc.record({
  ...CHOICES,
  outer: fc.tuple(fc.integer({ min: 1, max: 3 })),
  classes: fc.oneof(
    fc.integer({ min: BLOCK + 1, max: 10_000 }),
    fc.tuple(fc.integer({ min: 2, max: 5 }), fc.integer({ min: -1, max: 1 })).map(([n, more]) => n * BLOCK + more),
  ),
  inner: fc.oneof(
    { weight: 5, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.tuple(fc.integer({ min: 1, max: 3 })) },
  ),
});

/** A case in seven is of rows of several blocks, one in fifty of positions of which a tile holds a few, or less than one. */
export const CASES: fc.Arbitrary<Case> = fc.oneof(
  { weight: 85, arbitrary: SHORT_ROWS },
  { weight: 14, arbitrary: ROWS_OF_BLOCKS },
  { weight: 1, arbitrary: LONG_ROWS },
  { weight: 1, arbitrary: STRIPS },
);

export interface Drawn {
  readonly operation: FuzzOperation;
  readonly layout: Layout;
  readonly operands: readonly Operand[];
  readonly options: Options;
}

/** What a case stands for; undefined where the operation has no such batch. */
export function draw({ operation: index, outer, classes, inner, seed }: Case): Drawn | undefined {
  const operation = OPERATIONS[index];
  const shape = [...outer, classes, ...inner];
  const stride = inner.reduce((product, n) => product * n, 1);
  const size = outer.reduce((product, n) => product * n, 1) * classes * stride;
  const most = classes < LONG || operation.layer ? MOST : MOST_LONG;
  if (size > most || (classes === 0 && !operation.empty)) return undefined;
  // The features are the last axis of a layer's batch, and so are a state's columns.
  if ((operation.layer || operation.state) && inner.length > 0) return undefined;
  const layout = { shape, axis: outer.length, size, classes, stride };
  const random = new Random(seed);
  // An axis is counted from either end.
  const axis = random.oneIn(3) ? outer.length - shape.length : outer.length;
  const options = { shape, ...(!operation.elementwise && !operation.layer && { axis }) };
  const operands = operation.operands(random, layout);
  return {
    operation,
    layout,
    operands,
    options: { ...options, ...operation.options?.(random, layout, operands) },
  };
}

/** A case in words, for a report. */
export function describeCase(given: Case): string {
  const { operation, options } = draw(given) ?? {};
  const { shape, axis, ...rest } = options ?? {};
  const said = Object.entries(rest).map(([name, value]) => `${name}: ${ArrayBuffer.isView(value) ? "array" : value}`);
  return `${operation?.name}, shape [${shape}], axis ${axis}, ${given.place}; ${said.join(", ")}`;
}
