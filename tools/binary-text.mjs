/** Writes bytes as the text that assembly/unpack.ts reads: printable ASCII that needs no escape in a string literal. */
export function encode(bytes) {
  const character = (digit) => (digit === 57 ? "!" : String.fromCharCode(digit + 35));
  return Array.from(bytes, (byte) => {
    if (byte < 90) return character(byte);
    const rest = byte - 90;
    return character(90 + Math.floor(rest / 92)) + character(rest % 92);
  }).join("");
}
