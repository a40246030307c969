/**
 * npm run test:threads: the suite on 1, 2, 3 and 8 threads, or on as many as are named. Every test that looks at bits
 * compares with the js backend, which has one thread, so all thread counts have the same bits. Other arguments go to
 * vitest.
 */
import { spawnSync } from "node:child_process";

const args = process.argv.slice(2);
const counts = args.filter((arg) => /^\d+$/.test(arg));
const others = args.filter((arg) => !/^\d+$/.test(arg));
for (const threads of counts.length > 0 ? counts : ["1", "2", "3", "8"]) {
  console.log(`\n${threads} threads`);
  const { status } = spawnSync("npx", ["vitest", "run", "--reporter=dot", ...others], {
    env: { ...process.env, THREADS: threads },
    stdio: "inherit",
  });
  if (status !== 0) process.exit(status ?? 1);
}
