/**
 * Takes a binary apart into what assembly/unpack.ts puts together again; src/binaries/unpack.ts says why. Here is the
 * knowledge of wasm: which operands each instruction has.
 * https://webassembly.github.io/spec/core/binary/instructions.html
 */

const CODE_SECTION = 10;
const END = 0x0b;

/** The streams, in the order of the pack. The first two are the bytes before and behind the functions. */
const STREAMS = [
  "before",
  "behind",
  "forms",
  "opcodes",
  "locals",
  "alignments",
  "offsets",
  "integers",
  "floats",
  "vectors",
  "lanes",
  "indices",
  "types",
];

/** An operand of an instruction: its stream, and the bytes it takes of it; NUMBER for an integer in LEB128. */
const NUMBER = 0;
const operand = (stream, length = NUMBER) => [STREAMS.indexOf(stream), length];
const LOCAL = [operand("locals")];
const MEMORY = [operand("alignments"), operand("offsets")];
const INDEX = [operand("indices")];
const BLOCK = [operand("types", 1)];
const INTEGER = [operand("integers")];
const LANE = [operand("lanes", 1)];

const within = (value, first, last) => value >= first && value <= last;

function operandsOf(opcode) {
  if (within(opcode, 0x02, 0x04)) return BLOCK;
  if (within(opcode, 0x0c, 0x0d) || opcode === 0x10) return INDEX;
  if (within(opcode, 0x20, 0x22)) return LOCAL;
  if (within(opcode, 0x28, 0x3e)) return MEMORY;
  if (within(opcode, 0x3f, 0x40)) return BLOCK;
  if (within(opcode, 0x41, 0x42)) return INTEGER;
  if (opcode === 0x43) return [operand("floats", 4)];
  if (opcode === 0x44) return [operand("floats", 8)];
  const plain = within(opcode, 0x00, 0x01) || opcode === 0x05 || opcode === END || opcode === 0x0f;
  if (plain || within(opcode, 0x1a, 0x1b) || within(opcode, 0x45, 0xc4)) return [];
  throw new Error(`the opcode ${opcode} is not known to tools/pack-wasm.mjs`);
}

/** Of the instructions behind the prefix 0xfc. */
function bulkOperandsOf(opcode) {
  if (opcode <= 7) return [];
  if (opcode === 10) return [operand("types", 2)];
  if (opcode === 11) return BLOCK;
  throw new Error(`the bulk opcode ${opcode} is not known to tools/pack-wasm.mjs`);
}

/** Of the instructions behind the prefix 0xfd. */
function vectorOperandsOf(opcode) {
  if (opcode <= 11 || within(opcode, 92, 93)) return MEMORY;
  if (opcode === 12) return [operand("vectors", 16)];
  if (opcode === 13) return [operand("lanes", 16)];
  if (within(opcode, 21, 34)) return LANE;
  if (within(opcode, 84, 91)) return [...MEMORY, ...LANE];
  return [];
}

/** Of the instructions behind the prefix 0xfe. */
function atomicOperandsOf(opcode) {
  return opcode === 3 ? BLOCK : MEMORY;
}

const PREFIXES = new Map([
  [0xfc, bulkOperandsOf],
  [0xfd, vectorOperandsOf],
  [0xfe, atomicOperandsOf],
]);

/** What bytes in LEB128 say. */
function numberOf(bytes) {
  return bytes.reduce((sum, byte, i) => sum + (byte & 127) * 128 ** i, 0);
}

class Reader {
  at = 0;
  constructor(bytes) {
    this.bytes = bytes;
  }

  take(length) {
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  /** The bytes of a number. */
  leb() {
    let end = this.at;
    while (this.bytes[end++] & 128);
    return this.take(end - this.at);
  }

  number() {
    return numberOf(this.leb());
  }
}

/** Where the functions of the code section begin and end, and how many there are. */
function findCode(bytes) {
  const reader = new Reader(bytes);
  reader.take(8);
  while (reader.at < bytes.length) {
    const [id] = reader.take(1);
    const length = reader.number();
    const end = reader.at + length;
    if (id === CODE_SECTION) return { count: reader.number(), start: reader.at, end };
    reader.take(length);
  }
  throw new Error("the binary has no code section");
}

/** The functions as a list of uses of forms, and the operands' streams. */
function takeApart(bytes, { start, count }) {
  const streams = STREAMS.map(() => []);
  const forms = new Map();
  const uses = [];
  const reader = new Reader(bytes);
  reader.take(start);
  const use = (key, head, operands) => {
    if (!forms.has(key)) forms.set(key, { head, operands, uses: 0 });
    const form = forms.get(key);
    form.uses++;
    uses.push(form);
    for (const [stream, length] of operands) {
      streams[stream].push(...(length === NUMBER ? reader.leb() : reader.take(length)));
    }
  };
  const group = [operand("types"), operand("types", 1)];
  for (let i = 0; i < count; i++) {
    const length = reader.number();
    const last = reader.at + length - 1;
    const groups = reader.number();
    use(`${groups} groups of locals`, [groups], Array(groups).fill(group).flat());
    while (reader.at < last) {
      const [opcode] = reader.take(1);
      const prefixed = PREFIXES.get(opcode);
      const rest = prefixed ? reader.leb() : [];
      use([opcode, ...rest].join(), [opcode, ...rest], prefixed ? prefixed(numberOf(rest)) : operandsOf(opcode));
    }
    use("end of function", reader.take(1), []);
  }
  return { streams, uses, forms: [...forms.values()] };
}

/** The forms as bytes: of each its own bytes and its operands, behind their counts. */
function listForms(forms) {
  return forms.flatMap(({ head, operands }) => [head.length, ...head, operands.length, ...operands.flat()]);
}

/** The pack of a binary: the number of streams, the size of each as u32, the streams. */
export function pack(bytes) {
  const code = findCode(bytes);
  const { streams, uses, forms } = takeApart(bytes, code);
  // The end of a function is form 0; a frequent form has a number that takes one character as text.
  const last = uses.at(-1);
  forms.sort((a, b) => (b === last) - (a === last) || b.uses - a.uses);
  const numbers = new Map(forms.map((form, i) => [form, i]));
  streams[STREAMS.indexOf("before")] = [...bytes.subarray(0, code.start)];
  streams[STREAMS.indexOf("behind")] = [...bytes.subarray(code.end)];
  streams[STREAMS.indexOf("forms")] = listForms(forms);
  streams[STREAMS.indexOf("opcodes")] = uses.map((form) => numbers.get(form));
  const sizes = new Uint8Array(Uint32Array.from(streams, ({ length }) => length).buffer);
  return Uint8Array.from([STREAMS.length, ...sizes, ...streams.flat()]);
}
