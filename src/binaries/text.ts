const ESCAPES = 90;
const DIGITS = 92;
/** The character of the digit 0. */
const FIRST = 35;

/**
 * Decodes so many bytes of printable ASCII that needs no escape in a string literal; `encode` is in
 * tools/binary-text.mjs. A byte below 90 is one digit; a larger one is an escape digit (90 or 91) and a second digit.
 * Digits are the characters from "#" on, with "!" in place of the backslash.
 *
 * Why not base64: it moves repeated code off its byte boundaries, so that gzip finds few repetitions. In this form
 * a binary costs no more than its bytes after gzip, in base64 a third more.
 */
export function decode(text: string, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let i = 0, at = 0; i < length; i++) {
    let code = text.charCodeAt(at++);
    if (code === 33) code = 92;
    if (code >= FIRST + ESCAPES) {
      const next = text.charCodeAt(at++);
      code += (code - FIRST - ESCAPES) * (DIGITS - 1) + (next === 33 ? 92 : next) - FIRST;
    }
    bytes[i] = code - FIRST;
  }
  return bytes;
}
