import type { ParseArgsConfig, parseArgs } from "node:util";
import { BackendError } from "xentropy";
import { parse, UsageError } from "../../bench/command-line.js";

const HELP = { help: { type: "boolean", short: "h" } } as const;

type Options = NonNullable<ParseArgsConfig["options"]>;
type Values<T extends Options> = ReturnType<typeof parseArgs<{ options: T }>>["values"];

/**
 * Runs a tool with the options of the command line. The exit status is 0 if `run` says that all is well, 1 if not, and 2,
 * with a word on what is wrong, where the options make no sense or name a backend that the engine doesn't have.
 */
export async function runTool<const T extends Options>(
  usage: string,
  options: T,
  run: (values: Values<T>) => boolean | Promise<boolean>,
): Promise<void> {
  try {
    const { help, ...values }: { help?: boolean } = parse({ options: { ...options, ...HELP } }).values;
    if (help) console.log(usage);
    else if (!(await run(values as Values<T>))) process.exitCode = 1;
  } catch (error) {
    if (error instanceof UsageError) console.error(`${error.message}\n\n${usage}`);
    else if (error instanceof BackendError) console.error(error.message);
    else throw error;
    process.exitCode = 2;
  }
}
