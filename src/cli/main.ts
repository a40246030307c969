#!/usr/bin/env node
// The xentropy command.

import { XentropyError } from "../errors.js";
import { readBench, readCheck, readInfo, TEXTS } from "./arguments.js";
import { bench } from "./bench.js";
import { CALLS } from "./calls.js";
import { check, printCheck } from "./check.js";
import { info, version } from "./info.js";
import { requireName, UsageError } from "./usage.js";

const COMMANDS = ["info", "check", "bench"] as const;
const TOPICS = [...COMMANDS, "help"] as const;

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
      requireNoMore(rest);
      console.log(version());
      return 0;
    case "help":
    case "--help":
    case "-h": {
      const [topic = "help", ...more] = rest.filter((argument) => argument !== "--help" && argument !== "-h");
      const name = requireName("command", topic, TOPICS);
      requireNoMore(more);
      console.log(TEXTS[name]);
      return 0;
    }
    case undefined:
      console.error(TEXTS.help);
      return 2;
    default:
      throw new UsageError(
        command.startsWith("-")
          ? `There is no option "${command}" before a command; there are: --help, --version.`
          : `There is no command "${command}"; there are: ${COMMANDS.join(", ")}.`,
      );
  }
}

function requireNoMore([argument]: readonly string[]): void {
  if (argument !== undefined) throw new UsageError(`Unexpected argument '${argument}'.`);
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
    const command = COMMANDS.find((name) => name === args[0]);
    console.error(`${error.message}\nTry: xentropy ${command ? `${command} ` : ""}--help`);
  } else if (error instanceof XentropyError || (error as NodeJS.ErrnoException).code) {
    console.error((error as Error).message);
  } else console.error(error);
}
