import { spawn, spawnSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const ENVIRONMENT = { ...process.env, FORCE_COLOR: undefined };

/** Runs the built command as a user would, with its output piped. */
export function xentropy(...args: string[]) {
  return xentropyIn([], ...args);
}

/** The same on an engine with flags. */
export function xentropyIn(flags: readonly string[], ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, MAIN, ...args], {
    encoding: "utf8",
    env: ENVIRONMENT,
  });
  return { status, stdout, stderr };
}

/** The same with its output to a file. */
export function xentropyTo(file: string, ...args: string[]) {
  const output = openSync(file, "w");
  try {
    const { status, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
      encoding: "utf8",
      env: ENVIRONMENT,
      stdio: ["ignore", output, "pipe"],
    });
    return { status, stderr };
  } finally {
    closeSync(output);
  }
}

/** The same with its output to a reader that reads nothing. */
export async function xentropyToClosedPipe(...args: string[]) {
  const command = spawn(process.execPath, [MAIN, ...args], { env: ENVIRONMENT, stdio: ["ignore", "pipe", "pipe"] });
  command.stdout.destroy();
  let stderr = "";
  command.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  const status = await new Promise<number | null>((closed) => command.on("close", closed));
  return { status, stderr };
}
