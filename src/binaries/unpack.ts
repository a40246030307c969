import { decode } from "./text.js";

/** A binary, taken apart and written as text. `pack` is in tools/pack-wasm.mjs. */
export interface Packed {
  /** Bytes of the binary. */
  readonly length: number;
  /** Bytes of each stream. */
  readonly streams: readonly number[];
  /** The streams, one behind the other. */
  readonly text: string;
}

const BEFORE = 0;
const BEHIND = 1;
const FORMS = 2;
const OPCODES = 3;

/** The form that ends a function. */
const END = 0;

/**
 * Puts a binary together: what stands before the functions, each function behind its length, what stands behind them. A
 * function is a list of forms, about one an instruction. A form is the bytes that it always has, then its operands, each
 * from the stream of its kind (locals, offsets, constants …) and of so many bytes, or 0 for a number in LEB128, which
 * ends with a byte below 128.
 *
 * Why streams: the same instructions come again and again with other operands between, where gzip finds no repetition.
 * Among operands of one kind it finds them: simd.wasm costs 14 % less than its bytes. (Ernst et al., Code compression,
 * PLDI 1997.) It runs once, on a cold engine: hence plain loops over bytes, with nothing allocated.
 */
export function unpack({ length, streams, text }: Packed): Uint8Array<ArrayBuffer> {
  const starts = [0];
  for (const size of streams) starts.push(starts[starts.length - 1] + size);
  const packed = decode(text, starts[streams.length]);
  const forms = formsIn(packed, starts[FORMS], starts[FORMS + 1]);
  const at = Uint32Array.from(starts);
  const bytes = new Uint8Array(length);
  bytes.set(packed.subarray(starts[BEFORE], starts[BEHIND]));
  let end = starts[BEHIND];
  let body = end;
  for (let i = starts[OPCODES]; i < starts[OPCODES + 1]; i++) {
    const number = packed[i];
    let form = forms[number];
    for (let own = packed[form++]; own > 0; own--) bytes[end++] = packed[form++];
    for (let operands = packed[form++]; operands > 0; operands--) {
      const stream = packed[form++];
      let from = at[stream];
      let size = packed[form++];
      if (size === 0) {
        while (packed[from] > 127) bytes[end++] = packed[from++];
        size = 1;
      }
      for (; size > 0; size--) bytes[end++] = packed[from++];
      at[stream] = from;
    }
    if (number === END) {
      const size = leb(end - body);
      bytes.copyWithin(body + size.length, body, end);
      bytes.set(size, body);
      end += size.length;
      body = end;
    }
  }
  bytes.set(packed.subarray(starts[BEHIND], starts[FORMS]), end);
  return bytes;
}

/** Where each form stands: its own bytes, then pairs of stream and size, each behind their count. */
function formsIn(packed: Uint8Array, start: number, end: number): number[] {
  const forms: number[] = [];
  for (let at = start; at < end; ) {
    forms.push(at);
    at += 1 + packed[at];
    at += 1 + 2 * packed[at];
  }
  return forms;
}

/** A number in LEB128. */
function leb(n: number): number[] {
  return n < 128 ? [n] : [(n & 127) | 128, ...leb(n >>> 7)];
}
