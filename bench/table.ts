// Plain text for a terminal: headings, columns that line up, numbers that read well.

import { grouped, significant } from "../src/cli/terminal.js";

export { grouped, significant };

/** A column's heading, and the side its cells keep to. */
export type Column = readonly [heading: string, align: "left" | "right"];

/** Lines of a table, indented by two spaces. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map(([heading], i) => Math.max(heading.length, ...rows.map((row) => row[i].length)));
  const line = (cells: readonly string[]) =>
    `  ${cells
      .map((cell, i) => (columns[i][1] === "left" ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
      .join("   ")
      .trimEnd()}`;
  return [line(columns.map(([heading]) => heading)), line(widths.map((w) => "─".repeat(w))), ...rows.map(line)].join(
    "\n",
  );
}

/** A heading with a rule under it. */
export function heading(text: string, rule = "─"): string {
  return `${text}\n${rule.repeat(text.length)}`;
}

/** A large number with a unit: "812 M". */
export function short(value: number): string {
  for (const [unit, size] of [
    ["G", 1e9],
    ["M", 1e6],
    ["k", 1e3],
  ] as const) {
    if (value >= size) return `${significant(value / size)} ${unit}`;
  }
  return significant(value);
}
