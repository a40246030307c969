// What the programs of the documents call for `expression; // → wanted`.

/** A number as the document prints it: to as many digits as stand there. */
function printed(value, wanted) {
  if (typeof value !== "number" || !Number.isFinite(value)) return String(value);
  const digits = wanted.replace("-", "").replace(/e.*/, "").replace(".", "").replace(/^0+/, "").length || 1;
  return String(Number(value.toPrecision(digits)) + 0);
}

/** Throws unless the value is what the document says. */
export function shows(value, wanted, where) {
  const list = /^\[(.*)\]$/.exec(wanted);
  const words = list ? list[1].split(", ") : [wanted];
  const values = list ? Array.from(value) : [value];
  const got = values.map((one, i) => printed(one, words[i] ?? ""));
  const want = words.map((word) => (Number.isNaN(Number(word)) ? word : String(Number(word))));
  if (got.join() !== want.join()) throw new Error(`${where}: gives ${got.join(", ")}, not ${wanted}`);
}
