// Rows made worse and worse: hill climbing on the error of one result of one operation. Each row of a batch climbs on its
// own from a two-valued row whose errors line up; a step changes a few logits and is kept where the error doesn't shrink.

import type { Xentropy } from "xentropy";
import { uniform } from "../../src/cli/random.js";
import { DISTRIBUTIONS } from "./distributions.js";
import type { Operation, Outcome } from "./outcome.js";
import { Problem } from "./problem.js";
import { distance, neighbour } from "./ulp.js";
import { ABOVE, BELOW } from "./worst.js";

export interface Summit {
  readonly error: number;
  readonly row: Float32Array;
}

export interface Climb {
  readonly rows: number;
  readonly steps: number;
  readonly seed: number;
}

/** The highest points reached, one for each outcome of the operation. */
export function climb(k: Xentropy, operation: Operation, length: number, { rows, steps, seed }: Climb): Summit[] {
  return operation.outcomes.map((_, outcome) => {
    const random = uniform(seed + 31 * length + outcome);
    let x = new Float32Array(rows * length);
    start(x, length, seed);
    // The seed stays the same, and with it the labels and targets of each row.
    const errorsOf = (logits: Float32Array) => {
      return rowErrors(operation.run(k, new Problem(logits, length, seed))[outcome], rows);
    };
    const errors = errorsOf(x);
    for (let step = 0; step < steps; step++) {
      const tried = x.slice();
      for (let r = 0; r < rows; r++) change(tried.subarray(r * length, (r + 1) * length), random);
      const found = errorsOf(tried);
      for (let r = 0; r < rows; r++) {
        if (found[r] >= errors[r]) errors[r] = found[r];
        else tried.set(x.subarray(r * length, (r + 1) * length), r * length);
      }
      x = tried;
    }
    const best = errors.indexOf(Math.max(...errors));
    return { error: errors[best], row: x.slice(best * length, (best + 1) * length) };
  });
}

/** Half of the rows are two-valued, half are normally distributed. */
function start(x: Float32Array, length: number, seed: number): void {
  const middle = Math.floor(x.length / length / 2) * length;
  find("errors lined up").fill(x.subarray(0, middle), length, seed);
  find("N(0, 10)").fill(x.subarray(middle), length, seed);
}

function find(name: string) {
  const found = DISTRIBUTIONS.find((distribution) => distribution.name === name);
  if (!found) throw new Error(`no distribution ${name}`);
  return found;
}

/** A small step: of some units in the last place, of a visible amount, or to an argument where exp errs much. */
function change(row: Float32Array, random: () => number): void {
  const changes = random() < 0.7 ? 1 : 3;
  for (let i = 0; i < changes; i++) {
    const at = Math.floor(random() * row.length);
    const kind = random();
    if (kind < 0.5) {
      const steps = Math.round((random() - 0.5) * 2 ** (1 + Math.floor(random() * 12)));
      row[at] = neighbour(row[at], steps);
    } else if (kind < 0.8) {
      row[at] += (random() - 0.5) * 2 ** Math.floor(random() * 6);
    } else {
      const list = random() < 0.5 ? ABOVE : BELOW;
      row[at] = list[Math.floor(random() * list.length)];
    }
    if (!Number.isFinite(row[at])) row[at] = 0;
  }
}

/** The largest error in each row. */
function rowErrors({ got, truth, magnitude }: Outcome, rows: number): Float64Array {
  const errors = new Float64Array(rows);
  const each = truth.length / rows;
  for (let i = 0; i < truth.length; i++) {
    const error = Math.abs(distance(got[i], truth[i], magnitude[i]));
    const r = Math.floor(i / each);
    if (error > errors[r]) errors[r] = error;
  }
  return errors;
}
