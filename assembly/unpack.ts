/**
 * Puts a binary together that tools/pack-wasm.mjs took apart and wrote as text; src/binaries/unpack.ts says why. It is
 * wasm itself, since it runs once: an engine that has just started takes JavaScript 6 ms for it, wasm half of one.
 *
 * A module of its own, which owns its memory: tables, the text, and behind it the binary.
 */

/** Where each stream is read next, a u32 each; at most 16. */
const CURSORS: usize = 0;
/** Where each form stands, a u32 each; at most 256. */
const FORMS: usize = 64;

// The streams that aren't operands, in the order of the pack.
const BEFORE = 0;
const BEHIND = 1;
const FORM_LIST = 2;
const OPCODES = 3;

const ESCAPES: u32 = 90;
const DIGITS: u32 = 92;

/** Digits are the characters from "#" on, with "!" in place of the backslash. */
function digit(text: usize): u32 {
  const code: u32 = load<u8>(text);
  return code === 33 ? 57 : code - 35;
}

/** Decodes in place: a byte below 90 is one digit, a larger one an escape digit (90 or 91) and a second digit. */
function decode(text: usize, end: usize): void {
  let out = text;
  while (text < end) {
    let byte = digit(text++);
    if (byte >= ESCAPES) byte = ESCAPES + (byte - ESCAPES) * DIGITS + digit(text++);
    store<u8>(out++, byte);
  }
}

/** The next byte of a stream. */
function next(stream: usize): u32 {
  const at = load<u32>(CURSORS + stream * 4);
  store<u32>(CURSORS + stream * 4, at + 1);
  return load<u8>(at);
}

/** Copies a whole stream, and gives where the copy ends. */
function copy(stream: usize, sizes: usize, out: usize): usize {
  const size = load<u32>(sizes + stream * 4);
  memory.copy(out, load<u32>(CURSORS + stream * 4), size);
  return out + size;
}

/** Finds the forms: each has its own bytes, then pairs of stream and size, either behind their count. */
function findForms(size: u32): void {
  let at = load<u32>(CURSORS + FORM_LIST * 4);
  const end = at + size;
  for (let table = FORMS; at < end; table += 4) {
    store<u32>(table, at);
    at += 1 + load<u8>(at);
    at += 1 + 2 * load<u8>(at);
  }
}

/** One form: its own bytes, then its operands, of so many bytes each or of 0 for a number in LEB128. */
function write(form: usize, out: usize): usize {
  for (let own = load<u8>(form++); own > 0; own--) store<u8>(out++, load<u8>(form++));
  for (let operands = load<u8>(form++); operands > 0; operands--) {
    const stream: usize = load<u8>(form++);
    let left = load<u8>(form++);
    if (left === 0) {
      let byte = next(stream);
      for (; byte > 127; byte = next(stream)) store<u8>(out++, byte);
      store<u8>(out++, byte);
    }
    for (; left > 0; left--) store<u8>(out++, next(stream));
  }
  return out;
}

/** Puts a function's length before it, in LEB128, and gives the function's new end. */
function close(start: usize, end: usize): usize {
  let length = end - start;
  const width: usize = length < 128 ? 1 : length < 16384 ? 2 : 3;
  memory.copy(start + width, start, length);
  for (let i: usize = 1; i < width; i++, length >>>= 7) store<u8>(start++, (length & 127) | 128);
  store<u8>(start, length);
  return end + width;
}

/**
 * The binary of the text in [text, end), written from `end` on; gives where it ends. The text decodes to the number of
 * streams, the size of each as u32, and the streams.
 */
export function unpack(text: usize, end: usize): usize {
  decode(text, end);
  const streams: usize = load<u8>(text);
  const sizes = text + 1;
  let at = sizes + streams * 4;
  for (let i: usize = 0; i < streams; i++) {
    store<u32>(CURSORS + i * 4, at);
    at += load<u32>(sizes + i * 4);
  }
  findForms(load<u32>(sizes + FORM_LIST * 4));
  let out = copy(BEFORE, sizes, end);
  let start = out;
  for (let left = load<u32>(sizes + OPCODES * 4); left > 0; left--) {
    const form = next(OPCODES);
    out = write(load<u32>(FORMS + (form << 2)), out);
    // Form 0 ends a function.
    if (form === 0) start = out = close(start, out);
  }
  return copy(BEHIND, sizes, out);
}
