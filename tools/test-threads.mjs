/**
 * npm run test:threads: the suite on 1, 2, 3 and 8 threads, or on as many as are named. Every test that looks at bits
 * compares with the js backend, which has one thread, so all thread counts have the same bits. On several threads only the
 * tests of what has threads are run: those that take their kernels from tests/support/backends. Other arguments go to vitest.
 */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

const THREADED = /support\/backends\.js"/;

function threadedTests() {
  const files = readdirSync("tests", { recursive: true }).map((file) => `tests/${file}`);
  return files.filter((file) => file.endsWith(".test.ts") && THREADED.test(readFileSync(file, "utf8")));
}

const args = process.argv.slice(2);
const counts = args.filter((arg) => /^\d+$/.test(arg));
const others = args.filter((arg) => !/^\d+$/.test(arg));
for (const threads of counts.length > 0 ? counts : ["1", "2", "3", "8"]) {
  const files = threads === "1" || others.length > 0 ? others : threadedTests();
  console.log(`\n${threads} threads`);
  const { status } = spawnSync("npx", ["vitest", "run", "--reporter=dot", ...files], {
    env: { ...process.env, THREADS: threads },
    stdio: "inherit",
  });
  if (status !== 0) process.exit(status ?? 1);
}
