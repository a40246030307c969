#!/usr/bin/env node
// The xentropy command.

import { XentropyError } from "../errors.js";
import { readBench, readCheck, readInfo, TEXTS, UsageError } from "./arguments.js";
import { bench } from "./bench.js";
import { CALLS } from "./calls.js";
import { check } from "./check.js";
import { info, version } from "./info.js";

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
      if (options) return (await check(options)) ? 0 : 1;
      console.log(TEXTS.check);
      return 0;
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
      console.log(TEXTS.help);
      return 0;
    case undefined:
      console.error(TEXTS.help);
      return 2;
    default:
      throw new UsageError(`There is no command "${command}"; there are: info, check, bench.`);
  }
}

// A reader that has seen enough (`xentropy bench | head`) is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof UsageError) console.error(`${error.message}\nTry: xentropy --help`);
  else if (error instanceof XentropyError || (error as NodeJS.ErrnoException).code) {
    console.error((error as Error).message);
  } else console.error(error);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
