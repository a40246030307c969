import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

it("examples/sharded: processes that share a vocabulary get the bits of one that has it all", async () => {
  const program = fileURLToPath(new URL("../build/programs/examples/sharded/main.js", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [program]);
  expect(stdout).toContain("128256 classes, 3 processes");
  expect(stdout).toContain("the losses of the positions have the same bits");
  expect(stdout).toContain("the gradients have the same bits");
});
