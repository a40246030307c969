/**
 * How long a cold start takes: each round is a process of its own that imports the package, loads it and makes one call.
 * Prints the least and the median in milliseconds; the process's own start is not counted.
 */
import { execFileSync } from "node:child_process";

const ROUNDS = 15;

const PROGRAM = `
  const start = performance.now();
  const { load } = await import("xentropy");
  const imported = performance.now();
  const k = await load({ backend: process.argv[1] });
  const loaded = performance.now();
  k.softmax(Float32Array.of(1, 2, 3));
  const called = performance.now();
  console.log(JSON.stringify([imported - start, loaded - imported, called - loaded]));
`;

/** The least and the median. */
function summary(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b);
  return `${sorted[0].toFixed(1)} / ${sorted[sorted.length >> 1].toFixed(1)}`;
}

console.log(`Node ${process.versions.node}, ${ROUNDS} processes, least / median milliseconds`);
for (const backend of ["simd", "js"]) {
  const rounds: number[][] = [];
  for (let i = 0; i < ROUNDS; i++) {
    const printed = execFileSync(process.execPath, ["--input-type=module", "--eval", PROGRAM, backend], {
      encoding: "utf8",
    });
    rounds.push(JSON.parse(printed));
  }
  const [imported, loaded, called] = [0, 1, 2].map((part) => summary(rounds.map((round) => round[part])));
  console.log(`${backend.padEnd(5)} import ${imported}  load() ${loaded}  first call ${called}`);
}
