import { openUnpacker } from "../backend/wasm.js";
import { unpacker } from "../generated/unpack.js";

/**
 * A binary that tools/pack-wasm.mjs took apart: its instructions in one stream, their operands in others, one a kind
 * (locals, offsets, constants …), all as printable ASCII that needs no escape in a string literal.
 *
 * Why streams: the same instructions come again and again with other operands between, where gzip finds no repetition.
 * Among operands of one kind it finds them: simd.wasm costs 14 % less than its bytes, as base64 38 % more. (Ernst et al.,
 * Code compression, PLDI 1997.)
 */
type Packed = string;

/** Where the text goes: the tables of assembly/unpack.ts are below. */
const TEXT = 2048;

/**
 * Audio worklets have neither `TextEncoder` nor `atob`, jsdom hasn't the first. Measured: where it is missing, the loop takes
 * 2 ms of Node more.
 */
export function unpack(packed: Packed): Uint8Array<ArrayBuffer> {
  const bytes = Uint8Array.from(unpacker.match(/../g) as string[], (byte) => +`0x${byte}`);
  const { memory, unpack } = openUnpacker(bytes);
  const end = TEXT + packed.length;
  const text = new Uint8Array(memory.buffer, TEXT);
  if (typeof TextEncoder === "function") new TextEncoder().encodeInto(packed, text);
  else for (let i = 0; i < packed.length; i++) text[i] = packed.charCodeAt(i);
  return new Uint8Array(memory.buffer.slice(end, unpack(TEXT, end)));
}
