// How far a run has come, on standard error: one line that is written over itself on a terminal, lines of parts in a file.

import type { Result } from "./record.js";

/** After each case. */
export function hearProgress({ operation, shape, spread }: Result, done: number, of: number): void {
  say(done === of ? "" : `${done} of ${of}   ${operation} ${shape} ${spread}`);
}

export function say(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

/** Parts of a long run: says which begins, how long it has taken, and how long it may take yet. */
export class Parts {
  readonly #total: number;
  readonly #start = performance.now();
  #done = 0;

  constructor(total: number) {
    this.#total = total;
  }

  begin(what: string): void {
    const minutes = (performance.now() - this.#start) / 60_000;
    const left =
      this.#done === 0 ? "" : `, about ${Math.ceil((minutes / this.#done) * (this.#total - this.#done))} left`;
    this.#done++;
    const line = `${this.#done} of ${this.#total}, ${minutes.toFixed(1)} min${left}   ${what}`;
    if (process.stderr.isTTY) say(line);
    else process.stderr.write(`${line}\n`);
  }

  /** Says what went wrong, and stays on the screen. */
  warn(text: string): void {
    say("");
    process.stderr.write(`${text}\n`);
  }

  end(): void {
    say("");
  }
}
