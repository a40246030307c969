import { NotAtHand } from "./folders.js";
import type { Outcome } from "./program.js";

/** A runtime, bundler or document, and what came of its checks; or why it could not be run. */
export interface Row {
  readonly name: string;
  readonly outcomes: readonly Outcome[];
  readonly missing?: string;
}

/** Runs what gives outcomes; a failure to run is a failed check, something not at hand is none. */
export async function rowOf(name: string, run: () => Promise<readonly Outcome[]>): Promise<Row> {
  try {
    return { name, outcomes: await run() };
  } catch (error) {
    if (error instanceof NotAtHand) return { name, outcomes: [], missing: error.message };
    const detail = error instanceof Error ? error.message : String(error);
    return { name, outcomes: [{ check: "run", result: "failed", detail }] };
  }
}

/** A row of one check. */
export function single(name: string, check: string, run: () => Promise<string>): Promise<Row> {
  return rowOf(name, async () => [{ check, result: "passed", detail: await run() }]);
}

const SIGNS = { passed: "ok", failed: "FAILED", absent: "absent" } as const;

/** Text as wide as the column of a check. */
function cell(text: string, check: string): string {
  return text.padEnd(Math.max(check.length, SIGNS.failed.length) + 2);
}

/** Prints runtime × check × result, then what failed, what is absent and what could not be run; gives the counts. */
export function print(rows: readonly Row[]): { passed: number; failed: number } {
  const ran = rows.filter(({ missing }) => missing === undefined);
  const wide = ran.filter(({ outcomes }) => outcomes.length > 1);
  const checks = [...new Set(wide.flatMap(({ outcomes }) => outcomes.map(({ check }) => check)))];
  const width = Math.max(...rows.map(({ name }) => name.length)) + 2;
  console.log(`\n${"".padEnd(width)}${checks.map((check) => cell(check, check)).join("")}`.trimEnd());
  for (const { name, outcomes } of wide) {
    const cells = checks.map((check) => {
      const outcome = outcomes.find((candidate) => candidate.check === check);
      return cell(outcome ? SIGNS[outcome.result] : "", check);
    });
    console.log(`${name.padEnd(width)}${cells.join("")}`.trimEnd());
  }
  console.log("");
  for (const { name, outcomes } of ran.filter(({ outcomes }) => outcomes.length === 1)) {
    const [{ check, result, detail }] = outcomes;
    console.log(`${name.padEnd(width)}${check}: ${SIGNS[result]}${result === "passed" ? `, ${detail}` : ""}`);
  }
  const details = ran.flatMap(({ name, outcomes }) => outcomes.map((outcome) => ({ name, ...outcome })));
  console.log("");
  for (const { name, check, result, detail } of details) {
    if (result !== "passed") console.log(`${SIGNS[result]}: ${name}, ${check}: ${detail}`);
  }
  for (const { name, missing } of rows) if (missing !== undefined) console.log(`could not run: ${name}: ${missing}`);
  const count = (result: Outcome["result"]) => details.filter((outcome) => outcome.result === result).length;
  return { passed: count("passed"), failed: count("failed") };
}
