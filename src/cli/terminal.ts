// What a terminal shows: tables, bars, a progress line on standard error. Piped, the same words without colour, and no
// progress.

/** Select Graphic Rendition: the numbers that turn a style on and off (ECMA-48). */
const STYLES = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39] } as const;

/** What `paint` writes beside the text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with one.
const COLOUR = /\x1b\[\d+m/g;

type Style = keyof typeof STYLES;

const COLOURS = process.stdout.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== "dumb";

/** Text in a colour, where standard output shows colours. */
export function paint(style: Style, text: string): string {
  if (!COLOURS) return text;
  const [on, off] = STYLES[style];
  return `\x1b[${on}m${text}\x1b[${off}m`;
}

/** A column's heading, the side its cells keep to, and how they are painted. */
export interface Column {
  readonly heading: string;
  readonly align: "left" | "right";
  readonly style?: Style;
}

/** Lines of a table, indented by two spaces. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map(({ heading }, i) => Math.max(heading.length, ...rows.map((row) => row[i].length)));
  const pad = (text: string, i: number) =>
    columns[i].align === "left" ? text.padEnd(widths[i]) : text.padStart(widths[i]);
  const headings = columns.map(({ heading }, i) => paint("dim", pad(heading, i)));
  const cells = (row: readonly string[]) =>
    row.map((cell, i) => {
      const { style } = columns[i];
      return style ? paint(style, pad(cell, i)) : pad(cell, i);
    });
  return [headings, ...rows.map(cells)].map((line) => `  ${line.join("   ").trimEnd()}`).join("\n");
}

/** Lines of names and values; long values go on under themselves where the terminal is narrower. */
export function list(entries: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...entries.map(([name]) => name.length));
  const indent = 2 + width + 3;
  const room = Math.max(20, (process.stdout.columns || Infinity) - indent);
  return entries
    .map(([name, value]) => `  ${paint("dim", name.padEnd(width))}   ${wrap(value, room, " ".repeat(indent))}`)
    .join("\n");
}

/** Breaks a text between words into lines of at most so many characters; those of colour take no room. */
function wrap(text: string, room: number, indent: string): string {
  let used = 0;
  return text
    .split(" ")
    .map((word) => {
      const { length } = word.replace(COLOUR, "");
      const breaks = used > 0 && used + 1 + length > room;
      const before = breaks ? `\n${indent}` : used > 0 || length === 0 ? " " : "";
      used = breaks ? length : used + before.length + length;
      return before + word;
    })
    .join("");
}

const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** A bar of so many characters at a share of 1. */
export function bar(share: number, width: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, share)) * width * 8);
  return "█".repeat(eighths >> 3) + EIGHTHS[eighths & 7];
}

/** Three digits that mean something: 0.0123, 1.23, 12.3, 123, 1,230. */
export function significant(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const digits = value === 0 ? 0 : Math.min(6, Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value)))));
  const [minimumFractionDigits, maximumFractionDigits] = [digits, digits];
  return Number(value.toPrecision(3)).toLocaleString("en-US", { minimumFractionDigits, maximumFractionDigits });
}

/** 60,000 */
export function grouped(count: number): string {
  return count.toLocaleString("en-US");
}

/** One line that is written over itself, where standard error is a terminal. */
export class Progress {
  readonly #total: number;
  readonly #shown = process.stderr.isTTY === true && process.env.TERM !== "dumb";
  #done = 0;

  constructor(total: number) {
    this.#total = total;
  }

  /** Says what is being done, and that so many steps are behind. */
  at(done: number, what: string): void {
    this.#done = done;
    if (!this.#shown) return;
    const share = this.#total === 0 ? 1 : this.#done / this.#total;
    const line = `  ${bar(share, 24).padEnd(24, "░")} ${String(Math.floor(100 * share)).padStart(3)} %  ${what}`;
    process.stderr.write(`\r\x1b[2K${line.slice(0, (process.stderr.columns ?? 80) - 1)}`);
  }

  finish(): void {
    if (this.#shown) process.stderr.write("\r\x1b[2K");
  }
}
