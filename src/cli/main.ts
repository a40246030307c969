#!/usr/bin/env node
// The xentropy command.

import { XentropyError } from "../errors.js";
import { readBench, readCheck, readInfo, TEXTS } from "./arguments.js";
import { bench } from "./bench.js";
import { CALLS } from "./calls.js";
import { check, printCheck } from "./check.js";
import { info, version } from "./info.js";
import { UsageError } from "./usage.js";

/** Runs a command; returns the exit status. */
async function main([command, ...rest]: readonly string[]): Promise<number> {
  switch (command) {
    case "info": {
      const options = readInfo(rest);
      if (options) await info(options);
      else console.log(TEXTS.info);
      return 0;
    }
    case "check": {
      const options = readCheck(rest, Object.keys(CALLS));
      if (!options) {
        console.log(TEXTS.check);
        return 0;
      }
      const report = await check(options);
      // Known before it is printed, for a reader who closes the pipe.
      process.exitCode = report.failures.length === 0 ? 0 : 1;
      printCheck(report, options);
      return process.exitCode;
    }
    case "bench": {
      const options = readBench(rest);
      if (options) await bench(options);
      else console.log(TEXTS.bench);
      return 0;
    }
    case "--version":
      console.log(version());
      return 0;
    case "help":
    case "--help":
    case "-h":
      console.log(isCommand(rest[0]) ? TEXTS[rest[0]] : TEXTS.help);
      return 0;
    case undefined:
      console.error(TEXTS.help);
      return 2;
    default:
      throw new UsageError(
        command.startsWith("-")
          ? `There is no option "${command}" before a command; there are: --help, --version.`
          : `There is no command "${command}"; there are: info, check, bench.`,
      );
  }
}

function isCommand(name: string | undefined): name is keyof typeof TEXTS {
  return name !== undefined && Object.hasOwn(TEXTS, name);
}

// A reader that has seen enough (`xentropy bench | head`) is no error; a full disk is.
process.stdout.on("error", ({ code, message }: NodeJS.ErrnoException) => {
  if (code === "EPIPE") process.exit();
  console.error(`The output can't be written: ${message}`);
  process.exit(1);
});
// Nobody is left to be told.
process.stderr.on("error", () => {});

const args = process.argv.slice(2);
try {
  process.exitCode = await main(args);
} catch (error) {
  process.exitCode = error instanceof UsageError ? 2 : 1;
  if (error instanceof UsageError) {
    console.error(`${error.message}\nTry: xentropy ${isCommand(args[0]) ? `${args[0]} ` : ""}--help`);
  } else if (error instanceof XentropyError || (error as NodeJS.ErrnoException).code) {
    console.error((error as Error).message);
  } else console.error(error);
}
