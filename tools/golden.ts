// npm run golden: hashes of every operation's results, which must be the same in every engine and backend but `relaxed`.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { loadSync } from "xentropy";
import { CASES, hashOf } from "../tests/golden/cases.js";
import { runTool } from "./support/tool.js";

const FILE = "tests/golden/golden.json";

const USAGE = `Usage: npm run golden -- [options]

  What has changed against ${FILE}, and where simd and js differ.

  --write   writes the file anew
  --help    this text`;

await runTool(USAGE, { write: { type: "boolean", default: false } }, ({ write }) => {
  const k = loadSync({ backend: "simd" });
  const js = loadSync({ backend: "js" });
  const hashes = Object.fromEntries(CASES.map((golden) => [golden.name, hashOf(golden, k)]));
  const apart = CASES.filter((golden) => hashOf(golden, js) !== hashes[golden.name]).map(({ name }) => name);
  const known: Record<string, string> = existsSync(FILE) ? JSON.parse(readFileSync(FILE, "utf8")) : {};
  const names = new Set([...Object.keys(known), ...Object.keys(hashes)]);
  const changed = [...names].filter((name) => known[name] !== hashes[name]);

  console.log(`${CASES.length} cases`);
  for (const name of changed) console.log(`changed: ${name}  ${known[name] ?? "(new)"} -> ${hashes[name] ?? "(gone)"}`);
  for (const name of apart) console.log(`simd and js differ: ${name}`);
  if (write) writeFileSync(FILE, `${JSON.stringify(hashes, null, 2)}\n`);
  return apart.length === 0 && (changed.length === 0 || write);
});
