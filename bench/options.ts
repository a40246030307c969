// The command line of the benchmark.

import { parseArgs } from "node:util";
import type { Backend } from "xentropy";
import { distributions, type Selection, shapes } from "./cases.js";
import { operations } from "./operations.js";

export interface Options extends Selection {
  /** Where JSON goes: a file, or "-" for standard output. */
  readonly json: string | undefined;
  readonly backend: Backend;
  readonly quick: boolean;
  readonly help: boolean;
}

/** What was typed can't be understood. */
export class UsageError extends Error {}

const BACKENDS: readonly Backend[] = ["simd", "relaxed", "js"];

const names = operations.map(({ name }) => name);

export const USAGE = `Usage: npm run bench -- [options]

  --op NAME        only this operation; may be repeated
                   ${names.join(", ")}
  --shape RxC      this shape instead of ${shapes.map((shape) => shape.join("x")).join(", ")}
                   (normal logits, deviation ${distributions.normal}); may be repeated
  --backend NAME   ${BACKENDS.join(", ")}; default ${BACKENDS[0]}
  --quick          fewer and shorter rounds
  --json FILE      write every measurement as JSON; "-" for standard output (the tables then go to standard error)
  --help           this text`;

/** Reads the arguments. Throws UsageError. */
export function readOptions(args: readonly string[]): Options {
  const values = parse(args);
  for (const name of values.op ?? []) {
    if (!names.includes(name)) throw new UsageError(`There is no operation "${name}"; there are: ${names.join(", ")}.`);
  }
  const { backend = BACKENDS[0] } = values;
  if (!isBackend(backend)) {
    throw new UsageError(`There is no backend "${backend}"; there are: ${BACKENDS.join(", ")}.`);
  }
  if (values.json === "") throw new UsageError('--json wants the name of a file, or "-".');
  return {
    json: values.json,
    operations: values.op,
    shapes: values.shape?.map(readShape),
    backend,
    quick: values.quick ?? false,
    help: values.help ?? false,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        json: { type: "string" },
        op: { type: "string", multiple: true },
        shape: { type: "string", multiple: true },
        backend: { type: "string" },
        quick: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    }).values;
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function readShape(text: string): readonly [number, number] {
  const [, rows, columns] = /^([1-9]\d*)x([1-9]\d*)$/.exec(text) ?? [];
  const size = Number(rows) * Number(columns);
  if (!(size >= 2 && size <= 2 ** 28)) {
    throw new UsageError(`"${text}" is no shape: rows x columns, such as 32x1000, of 2 to ${2 ** 28} elements.`);
  }
  return [Number(rows), Number(columns)];
}

function isBackend(name: string): name is Backend {
  return (BACKENDS as readonly string[]).includes(name);
}
