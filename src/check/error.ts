import { XentropyError } from "../errors.js";

/** Where a result stands. */
export interface Place {
  readonly operation: string;
  readonly output: string;
  readonly row: number;
  readonly column: number;
}

/** A result that another way to compute it doesn't confirm. Code CROSS_CHECK. */
export class CrossCheckError extends XentropyError implements Place {
  /** The operation, as the method is named. */
  readonly operation: string;
  /** Which of its results: "out" where there is one alone, else "loss", "grad"... */
  readonly output: string;
  /** Index of the row in the result, all axes but the last taken together; of the position where there is one value each. */
  readonly row: number;
  /** Index along the last axis. */
  readonly column: number;
  /** What the checked kernels computed. */
  readonly value: number;
  /** What it was compared with. */
  readonly expected: number;
  /** How far they are apart. */
  readonly distance: number;
  readonly unit = "ULP";

  /** `judgement`: who expected what. */
  constructor(place: Place, value: number, expected: number, distance: number, judgement: string) {
    const { operation, output, row, column } = place;
    const where = `${operation}: ${output} at row ${row}, column ${column}`;
    super("CROSS_CHECK", `${where} is ${show(value)}; ${judgement} (${Number(distance.toPrecision(3))} ULP apart).`);
    this.operation = operation;
    this.output = output;
    this.row = row;
    this.column = column;
    this.value = value;
    this.expected = expected;
    this.distance = distance;
  }
}

/** A number in a message: the sign of zero shows. */
export function show(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}
