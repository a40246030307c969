import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it, vi } from "vitest";

/** The numbers in the kernels' sources, and those that tools/derive.ts finds for them when it is run again. */

function source(file: string): string {
  return readFileSync(new URL(`../../assembly/math/${file}.ts`, import.meta.url), "utf8");
}

interface Entry {
  readonly value: number;
  /** The hexadecimal bits in the comment beside it, if there are any. */
  readonly bits: string | undefined;
}

/** The numbers of a table `name = memory.data<f32>([…])`, or f64. */
function table(file: string, name: string): Entry[] {
  const [, body] =
    new RegExp(`const ${name}: usize = memory\\.data<f\\d\\d>\\(\\[([^\\]]*)\\]`).exec(source(file)) ?? [];
  return [...(body ?? "").matchAll(/^\s*(-?[\d.]+),[ \t]*(?:\/\/ (0x[0-9a-f]+))?/gm)].map(([, value, bits]) => ({
    value: Number(value),
    bits,
  }));
}

/** The number that a constant is given. */
function constant(file: string, name: string): number {
  return Number(new RegExp(`const ${name}: f\\d\\d = (-?[\\d.e-]+)`).exec(source(file))?.[1]);
}

function bitsOf(x: number): string {
  return `0x${new Uint32Array(Float32Array.of(x).buffer)[0].toString(16).padStart(8, "0")}`;
}

const TABLES = [
  ["exp", "EXP"],
  ["log", "P"],
  ["log1p", "LOG1P"],
  ["tanh", "P"],
  ["logit", "P"],
  ["log-pass", "F32"],
] as const;

const derived = new Map<string, number[]>();

beforeAll(async () => {
  const written: string[] = [];
  const spy = vi.spyOn(process.stdout, "write").mockImplementation((text) => written.push(String(text)) > 0);
  try {
    await import("../../tools/derive.js");
  } finally {
    spy.mockRestore();
  }
  for (const part of written.join("").split("\n\n")) {
    const [, name] = /^(\S+?)(?: \(.*\))?:/.exec(part) ?? [];
    derived.set(
      name,
      [...part.matchAll(/^ {2}\d+ {2}(\S+)/gm)].map(([, value]) => Number(value)),
    );
    const [, inverse, , high, , low] = /1\/ln 2 +(\S+) +(\S+)\n.*high +(\S+) +(\S+).*\n.*low +(\S+)/.exec(part) ?? [];
    if (inverse) derived.set("reduction", [inverse, high, low].map(Number));
  }
});

describe("the constants of the kernels", () => {
  it.each(TABLES)("are floats, with the bits that stand beside them: %s.ts, %s", (file, name) => {
    const entries = table(file, name);
    expect(entries.length).toBeGreaterThan(5);
    for (const { value, bits } of entries) if (bits) expect(bitsOf(value), String(value)).toBe(bits);
  });

  it.each([
    ["reduction", "exp", "EXP", 0],
    ["exp.q", "exp", "EXP", 3],
    ["log.p", "log", "P", 0],
    ["log1p.q", "log1p", "LOG1P", 2],
    ["tanh.p", "tanh", "P", 0],
    ["logit.q", "logit", "P", 0],
    ["logPass.q", "log-pass", "F32", 2],
  ])("are those that tools/derive.ts derives: %s", (name, file, tableName, from) => {
    const found = derived.get(name) ?? [];
    expect(found.length).toBeGreaterThan(2);
    const used = table(file, tableName).slice(from, from + found.length);
    expect(used.map(({ value }) => Math.fround(value))).toEqual(found.map(Math.fround));
  });

  it("are those that tools/derive.ts derives, to the last digit of a float64: scalar.log1p.p", () => {
    const found = derived.get("scalar.log1p.p") ?? [];
    expect(found).toHaveLength(5);
    expect(found.map((_, k) => constant("scalar", `LOG1P_${k}`))).toEqual(found);
  });

  it("are those that tools/derive.ts derives, to the last digit of a float64: logistic.p", () => {
    const found = derived.get("logistic.p") ?? [];
    expect(found).toHaveLength(4);
    expect(
      table("logistic", "F64")
        .slice(-5, -1) // a sign is the last
        .map(({ value }) => value),
    ).toEqual(found);
  });

  it("are those that tools/derive.ts derives, to the last digit of a float64: distillation.q", () => {
    const found = derived.get("distillation.q") ?? [];
    expect(found).toHaveLength(5);
    const source = readFileSync(new URL("../../assembly/distillation-terms.ts", import.meta.url), "utf8");
    const js = readFileSync(new URL("../../src/backend/js/distillation.ts", import.meta.url), "utf8");
    for (const value of found) {
      expect(source).toContain(`  ${value},`);
      expect(js).toContain(` = ${value};`);
    }
  });

  it("split ln 2 so that the first part times any exponent is exact", () => {
    const [, high, low] = table("exp", "EXP").map(({ value }) => Math.fround(value));
    expect(Math.fround(high - Math.LN2)).toBe(low);
    for (const n of [1, 623, 1023]) expect(Math.fround(n * high)).toBe(n * high);
    const logHigh = constant("log", "LN2_HIGH");
    expect(Math.fround(constant("log", "LN2_LOW"))).toBe(Math.fround(Math.LN2 - logHigh));
    for (const k of [1, 127, 149, 255]) expect(Math.fround(k * logHigh)).toBe(k * logHigh);
  });
});
