/**
 * Hashes of every operation's results, which must be the same in every engine and backend but `relaxed`.
 *
 *   npm run golden              what has changed against tests/golden/golden.json
 *   npm run golden -- --write   writes it anew
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { loadSync } from "xentropy";
import { CASES, hashOf } from "../tests/golden/cases.js";

const FILE = "tests/golden/golden.json";
const { values } = parseArgs({ options: { write: { type: "boolean", default: false } } });

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
if (values.write) writeFileSync(FILE, `${JSON.stringify(hashes, null, 2)}\n`);
process.exitCode = apart.length > 0 || (changed.length > 0 && !values.write) ? 1 : 0;
