// The command line: what can be typed, and what is said when something else is.

import { type ParseArgsConfig, parseArgs } from "node:util";
import type { Backend } from "../index.js";
import { OPERATIONS, SHAPES } from "./operations.js";
import { BACKENDS, requireName, UsageError } from "./usage.js";

const MOST_ELEMENTS = 2 ** 26;

const HELP = `Usage: xentropy <command> [options]

  info     what this machine offers the kernels, and the backend that load()
           chooses
  check    every operation on this machine against the float64 reference and
           the other backends
  bench    the kernels against plain JavaScript on this machine

  --help      this text, or that of a command
  --version   the version of the package

Exit status: 0 if all is well, 1 if something failed, 2 if the command line
makes no sense.`;

const INFO = `Usage: xentropy info [--json]

What this machine offers: the engine, SIMD, relaxed SIMD, threads; the backend
that load() chooses and why; how large the binaries are.

  --json   as JSON
  --help   this text`;

const CHECK = `Usage: xentropy check [options]

Calls every operation with seeded batches on every backend this engine has, and
compares each value with the float64 reference; those of simd also bit for bit
with those of js. Prints the largest error found, in units in the last place.
Exit status 1 if a value is outside its bound.

  --op NAME        only this operation, such as softmax; may be repeated
  --backend NAME   only this backend (${BACKENDS.join(", ")}); may be repeated
  --seed N         other batches; default 1
  --json           as JSON
  --help           this text`;

const BENCH = `Usage: xentropy bench [options]

Times the kernels against plain JavaScript on this machine: Float32Array in and
out, one thread, first quartile of rounds in rotated order. Takes about ten
seconds; with --quick, three.

  --op NAME        only this operation; may be repeated:
                   ${OPERATIONS.map(({ name }) => name).join("\n                   ")}
  --shape RxC      this shape, such as 32x1000, instead of the standing ones;
                   may be repeated: ${SHAPES.map((shape) => shape.join("x")).join(", ")}
  --backend NAME   ${BACKENDS.join(", ")}; default: what load() chooses
  --quick          fewer and shorter rounds
  --json           as JSON instead of tables
  --html FILE      also write a page that needs nothing else
  --help           this text`;

export const TEXTS = { help: HELP, info: INFO, check: CHECK, bench: BENCH } as const;

export interface InfoOptions {
  readonly json: boolean;
}

export interface CheckOptions {
  readonly operations: readonly string[] | undefined;
  readonly backends: readonly Backend[];
  /** Whether the backends were named, so that one that can't be had is an error. */
  readonly named: boolean;
  readonly seed: number;
  readonly json: boolean;
}

export interface BenchOptions {
  readonly operations: readonly string[] | undefined;
  readonly shapes: readonly (readonly [rows: number, columns: number])[] | undefined;
  readonly backend: Backend | undefined;
  readonly quick: boolean;
  readonly json: boolean;
  readonly html: string | undefined;
}

const HELPED = { help: { type: "boolean", short: "h" }, json: { type: "boolean" } } as const;

function parse<const T extends NonNullable<ParseArgsConfig["options"]>>(args: readonly string[], own: T) {
  const options = { ...own, ...HELPED };
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code !== "ERR_PARSE_ARGS_UNKNOWN_OPTION") throw new UsageError(message, { cause });
    // The rest of the message is about positional arguments, which there are none of.
    const names = Object.keys(options).map((name) => `--${name}`);
    throw new UsageError(`${message.split(". ")[0]}; there are: ${names.join(", ")}.`, { cause });
  }
}

/** The options of `info`, or undefined where help is asked for. All readers throw UsageError. */
export function readInfo(args: readonly string[]): InfoOptions | undefined {
  const { help, json = false } = parse(args, {});
  return help ? undefined : { json };
}

/** `names`: of the operations that are checked. */
export function readCheck(args: readonly string[], names: readonly string[]): CheckOptions | undefined {
  const several = { type: "string", multiple: true } as const;
  const values = parse(args, { op: several, backend: several, seed: { type: "string" } });
  if (values.help) return undefined;
  const { op: operations, backend, seed = "1", json = false } = values;
  for (const name of operations ?? []) requireName("operation", name, names);
  const backends = [...new Set(backend ?? BACKENDS)].map((name) => requireName("backend", name, BACKENDS));
  if (!/^\d{1,9}$/.test(seed)) throw new UsageError(`--seed wants a whole number of at most 9 digits, not "${seed}".`);
  return { operations, backends, named: backend !== undefined, seed: Number(seed), json };
}

export function readBench(args: readonly string[]): BenchOptions | undefined {
  const values = parse(args, {
    op: { type: "string", multiple: true },
    shape: { type: "string", multiple: true },
    backend: { type: "string", multiple: true },
    quick: { type: "boolean" },
    html: { type: "string" },
  });
  if (values.help) return undefined;
  const { op: operations, shape, backend, quick = false, json = false, html } = values;
  const names = OPERATIONS.map(({ name }) => name);
  for (const name of operations ?? []) requireName("operation that bench times", name, names);
  if (html === "") throw new UsageError("--html wants the name of a file.");
  if (backend && backend.length > 1) throw new UsageError("bench takes one --backend.");
  return {
    operations,
    shapes: shape && [...new Set(shape)].map(readShape),
    backend: backend && requireName("backend", backend[0], BACKENDS),
    quick,
    json,
    html,
  };
}

function readShape(text: string): readonly [number, number] {
  const [, rows, columns] = /^([1-9]\d*)x([1-9]\d*)$/.exec(text) ?? [];
  if (!(Number(rows) * Number(columns) <= MOST_ELEMENTS)) {
    throw new UsageError(`"${text}" is no shape: rows x columns, such as 32x1000, at most ${MOST_ELEMENTS} elements.`);
  }
  return [Number(rows), Number(columns)];
}
