// One line of progress on a terminal; none where standard error is a file.

import type { Result } from "./record.js";

export function hearProgress({ operation, shape, spread }: Result, done: number, of: number): void {
  say(`${done} of ${of}   ${operation} ${shape} ${spread}`);
  if (done === of) say("");
}

export function say(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}
