// The few helpers that reading and writing the document needs.

/** The element with that id, which the page has. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (!element) throw new Error(`The page has no #${id}.`);
  return element as T;
}

/** Writes a text where another one stands: a live region that is written anew is read out anew. */
export function say(id: string, text: string): void {
  const place = byId(id);
  if (place.textContent !== text) place.textContent = text;
}

/** A new element with its attributes and what is in it. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** The value of the chosen one of a group of radio buttons, and a call for each change. */
export function choice(name: string, changed: (value: string) => void): string {
  const inputs = [...document.querySelectorAll<HTMLInputElement>(`input[name="${name}"]`)];
  for (const input of inputs) input.addEventListener("change", () => changed(input.value));
  return inputs.find((input) => input.checked)?.value ?? "";
}

/** Why a worker failed, from its error event: one without a message says that its script, or one of those, didn't come. */
export function failureOf({ message }: ErrorEvent): string {
  return message || "its worker's script could not be loaded.";
}

/** A number with so many decimals, a real minus sign, and ∞. */
export function decimal(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "–" : value > 0 ? "∞" : "−∞";
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}

/** A number to so many digits that mean something, with a real minus sign. */
export function precise(value: number, digits = 4): string {
  const text = String(Number(Math.abs(value).toPrecision(digits)));
  return value < 0 ? `−${text}` : text;
}

/** Three digits that mean something, with a unit: "812 M". */
export function short(value: number): string {
  for (const [unit, size] of [
    ["G", 1e9],
    ["M", 1e6],
    ["k", 1e3],
  ] as const) {
    if (value >= size) return `${Number((value / size).toPrecision(3))} ${unit}`;
  }
  return String(Number(value.toPrecision(3)));
}
