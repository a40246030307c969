// The command line of the benchmark.

import type { Backend } from "xentropy";
import { casesOf, ELEMENT_SHAPES, parseShape, ROW_SHAPES, type Selection } from "./cases.js";
import { BACKENDS, parse, requireName, UsageError } from "./command-line.js";
import { operations } from "./operations.js";
import { SPREADS, type Spread } from "./problems.js";
import { PLACEMENTS, type Placement } from "./record.js";

export interface Options extends Selection {
  readonly backends: readonly Backend[];
  readonly placements: readonly Placement[];
  readonly quick: boolean;
  /** Whether the limit is measured too. */
  readonly limit: boolean;
  readonly peers: boolean;
  readonly engines: boolean;
  /** Whether to install what peers and engines need and isn't there. */
  readonly install: boolean;
  readonly targets: boolean;
  /** Where to ask for a turn before each round, if other engines run at the same time. */
  readonly turns: string | undefined;
  /** Saved records to report on, instead of measuring. */
  readonly from: readonly string[] | undefined;
  /** Where JSON goes: a file, or "-" for standard output. */
  readonly json: string | undefined;
  readonly html: string | undefined;
  readonly markdown: string | undefined;
  readonly help: boolean;
}

const NAMES = operations.map(({ name }) => name);

export const USAGE = `Usage: npm run bench -- [options]
       npm run bench -- engines      engines side by side, taking turns
       npm run bench -- extras       what options of softmaxCrossEntropy cost
       npm run bench -- linear       the linear losses, whole and their products; their memory
       npm run bench -- start        how long a cold load() takes
       npm run bench -- threads [N]  the speed-up of N threads over one; default 2
Each of those says what it takes with --help.

What is measured; options that name something may be repeated:
  --op NAME           ${wrap(NAMES)}
  --shape SHAPE       rows x classes, or more axes and, after a slash, the class axis:
                      ${wrap(ROW_SHAPES)};
                      elements: ${ELEMENT_SHAPES.join(", ")}
  --logits NAME       ${SPREADS.join(", ")}: N(0, 9), U(±100), the latter at fewer sizes unless --shape is given
  --backend NAME      ${BACKENDS.join(", ")}
  --placement NAME    ${PLACEMENTS.join(", ")}
  --no-limit          without the passes that each operation can't do without
  --quick             fewer and shorter rounds
  --peers             also the libraries of bench/peers
  --engines           on every engine that build/engines has, and in browsers, not on this one; then side by side, which
                      heeds --op and --quick alone and has sizes, a backend and a placement of its own
  --turns URL         on this engine, taking turns with others: URL answers when a round may begin
  --install           first installs what --peers and --engines need, if it isn't there
  --from FILE         nothing: report on what --json wrote; of several files the last counts where they overlap

What is reported; --targets, --html and --markdown in place of the tables:
  --targets           the targets of speed, met or missed; with peers and engines if they are there
  --json FILE         every measurement; "-" for standard output (the tables then go to standard error)
  --html FILE         one page with plots
  --markdown FILE     the tables of docs/performance.md
  --help              this text`;

function wrap(names: readonly string[]): string {
  const lines: string[] = [""];
  for (const name of names) {
    if (lines[lines.length - 1].length > 80) lines.push("");
    lines[lines.length - 1] += `${lines[lines.length - 1] ? ", " : ""}${name}`;
  }
  return lines.join(",\n                      ");
}

/** Reads the arguments, of which `taken` are of use. Throws UsageError. */
export function readOptions(args: readonly string[], taken: readonly string[] = Object.keys(OPTIONS)): Options {
  const { values } = parse({ args: [...args], options: OPTIONS });
  for (const name of Object.keys(values)) {
    if (taken.includes(name)) continue;
    throw new UsageError(`--${name} is of no use to this benchmark, which takes ${named(taken)}.`);
  }
  if (!values.help) refuseIgnored(values, taken);
  for (const shape of values.shape ?? []) {
    if (!parseShape(shape)) throw new UsageError(`"${shape}" is no shape: 32x1000, 8x64x4096/1 or 100000, say.`);
  }
  for (const name of ["json", "html", "markdown"] as const) {
    if (values[name] === "") throw new UsageError(`--${name} wants the name of a file.`);
  }
  const selection = {
    operations: among("operation", NAMES, values.op),
    shapes: values.shape,
    spreads: among<Spread>("kind of logits", SPREADS, values.logits),
  };
  if (casesOf(selection).length === 0) {
    throw new UsageError("None of these operations takes such a shape: 32x1000 is one of rows, 100000 of elements.");
  }
  return {
    ...selection,
    backends: among<Backend>("backend", BACKENDS, values.backend) ?? BACKENDS,
    placements: among<Placement>("placement", PLACEMENTS, values.placement) ?? PLACEMENTS,
    quick: values.quick ?? false,
    limit: !values["no-limit"],
    peers: values.peers ?? false,
    engines: values.engines ?? false,
    install: values.install ?? false,
    targets: values.targets ?? false,
    turns: values.turns,
    from: values.from,
    json: values.json,
    html: values.html,
    markdown: values.markdown,
    help: values.help ?? false,
  };
}

/** What `from` leaves to choose. */
const REPORTED = ["from", "targets", "json", "html", "markdown"];

/** Refuses what makes no difference beside the other options. */
function refuseIgnored(values: Record<string, unknown>, taken: readonly string[]): void {
  const ignored = Object.keys(values).filter((name) => !REPORTED.includes(name));
  if (values.from !== undefined && ignored.length > 0) {
    throw new UsageError(`${named(ignored)}: of no use beside --from, which measures nothing.`);
  }
  const installed = ["peers", "engines"].filter((name) => taken.includes(name));
  if (values.install && installed.length > 0 && !installed.some((name) => values[name])) {
    throw new UsageError("--install is of no use without --peers or --engines.");
  }
}

function named(options: readonly string[]): string {
  return options.map((option) => `--${option}`).join(", ");
}

function among<T extends string>(
  what: string,
  known: readonly T[],
  given: readonly string[] | undefined,
): T[] | undefined {
  return given?.map((name) => requireName(what, name, known));
}

const OPTIONS = {
  op: { type: "string", multiple: true },
  shape: { type: "string", multiple: true },
  logits: { type: "string", multiple: true },
  backend: { type: "string", multiple: true },
  placement: { type: "string", multiple: true },
  "no-limit": { type: "boolean" },
  quick: { type: "boolean" },
  peers: { type: "boolean" },
  engines: { type: "boolean" },
  install: { type: "boolean" },
  targets: { type: "boolean" },
  turns: { type: "string" },
  from: { type: "string", multiple: true },
  json: { type: "string" },
  html: { type: "string" },
  markdown: { type: "string" },
  help: { type: "boolean", short: "h" },
} as const;
