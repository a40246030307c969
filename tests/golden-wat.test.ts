import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { callsInHotLoops, isVector, reached, readModule } from "./support/wat.js";

function textOf(path: string): string {
  return readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
}

/** The names that assembly/index.ts exports. */
function kernelNames(): string[] {
  const source = textOf("assembly/index.ts").replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
  const lists = [...source.matchAll(/export\s*\{([^}]*)\}/g)].flatMap(([, names]) => names.split(","));
  const declared = [...source.matchAll(/export\s+(?:function|const|let)\s+(\w+)/g)].map(([, name]) => name);
  return [...lists.map((name) => name.trim().split(/\s+as\s+/)[1] ?? name.trim()).filter(Boolean), ...declared];
}

/** Kernels that work on a few numbers, such as the state of a row, and so have no vectors; topK moves one at a time. */
const SCALAR = new Set(
  "heapBase append begin combine finish linearBegin linearFinish labelLoss generalLoss labelGradient logSumExpOf klLoss topK".split(
    " ",
  ),
);

/** What the compiler leaves as a call where several kernels share it: too large to be inlined twice. */
const ELEMENTARY = /\$assembly\/math\/((log|log1p|exp)\/\w+|scalar\/log1pPair)$/;

describe.each(["simd", "relaxed", "simd-shared", "relaxed-shared"])("the text of %s.wasm", (name) => {
  const module = readModule(textOf(`build/${name}.wat`));

  it("imports the memory and nothing else", () => {
    expect(module.imports).toEqual(["env.memory memory"]);
  });

  it("exports the kernels of assembly/index.ts and the memory, and nothing else", () => {
    expect([...module.exports.keys()].sort()).toEqual([...kernelNames(), "memory"].sort());
  });

  it("has no call in an innermost loop that works on vectors, but of a logarithm or exponential of 30 operations and more", () => {
    expect(callsInHotLoops(module).filter((call) => !ELEMENTARY.test(call))).toEqual([]);
  });

  it("has no call at all in the innermost loops of softmax, log-softmax, both cross-entropies, the backward passes and the divergences", () => {
    const families =
      /^\$assembly\/(softmax|cross-entropy|sigmoid-cross-entropy|backward|divergence|jensen-shannon|binary-cross-entropy|row|math\/[\w-]+)\//;
    expect(callsInHotLoops(module).filter((call) => families.test(call))).toEqual([]);
  });

  it("works on vectors in loops of every kernel, or in functions that it calls", () => {
    for (const [kernel, what] of module.exports) {
      if (what.startsWith("memory") || SCALAR.has(kernel)) continue;
      const loops = [...reached(module, what.replace("func ", ""))].flatMap(
        (f) => module.functions.get(f)?.loops ?? [],
      );
      const hot = loops.filter(({ innermost, instructions }) => innermost && instructions.some(isVector));
      expect(hot.length, kernel).toBeGreaterThan(0);
    }
  });

  it("never grows the memory", () => {
    for (const { name, instructions } of module.functions.values())
      expect(instructions, name).not.toContain("memory.grow");
  });

  it("has no state beside the memory: no mutable globals, tables or start function", () => {
    expect(module.mutableGlobals).toEqual([]);
    expect(new Set(module.fields)).toEqual(new Set(["type", "data"]));
  });
});

it("relaxed.wasm alone has relaxed instructions", () => {
  expect(textOf("build/simd.wat")).not.toContain("relaxed_");
  expect(textOf("build/relaxed.wat")).toContain("f32x4.relaxed_madd");
});

describe("the reader of text", () => {
  const flat = (inner: string) => `(module
    (func $helper (result v128) v128.const i32x4 0 0 0 0)
    (func $kernel (param $0 i32) (local $1 v128)
      loop $outer ;; a comment with a loop
        call $helper
        local.set $1
        loop $inner
          local.get $0
          v128.load offset=16
          ${inner}
          f32x4.add
          if
            br $inner
          end
        end
      end
    ))`;

  it("finds a call in a flat loop on vectors", () => {
    expect(callsInHotLoops(readModule(flat("call $helper")))).toEqual(["$kernel $inner $helper"]);
    expect(callsInHotLoops(readModule(flat("call_indirect (type $0)")))).toEqual(["$kernel $inner *"]);
  });

  it("passes over calls in outer loops and in loops without vectors", () => {
    expect(callsInHotLoops(readModule(flat("local.get $1")))).toEqual([]);
    expect(callsInHotLoops(readModule("(module (func $f loop $l call $f i32.add br $l end))"))).toEqual([]);
  });

  it("finds a call in a folded loop, under a block or an if", () => {
    const folded = `(module (func $f (block $b (loop $l (if (i32.const 1) (then
      (v128.store (local.get $0) (call $g (local.get $1))))))) ))`;
    expect(callsInHotLoops(readModule(folded))).toEqual(["$f $l $g"]);
  });

  it("reads strings and comments that look like code", () => {
    const text = `(module (; ( loop ;) (data $0 (i32.const 8) "(loop;\\") end") (func $f nop))`;
    expect(readModule(text).fields).toEqual(["data"]);
    expect(readModule(text).functions.get("$f")).toEqual({ name: "$f", instructions: ["nop"], calls: [], loops: [] });
  });

  it("sees imports, mutable globals and growth", () => {
    const module = readModule(`(module (import "env" "abort" (func $a)) (global $g (mut i32) (i32.const 0))
      (global $c i32 (i32.const 0)) (func $f (drop (memory.grow (i32.const 1)))) (start $f))`);
    expect(module.imports).toEqual(["env.abort func"]);
    expect(module.mutableGlobals).toEqual(["$g"]);
    expect(module.functions.get("$f")?.instructions).toContain("memory.grow");
    expect(module.fields).toEqual(["global", "start"]);
  });

  it("refuses text that isn't balanced", () => {
    expect(() => readModule("(module (func $f loop $l)")).toThrow(/not closed/);
    expect(() => readModule("(module (func $f loop $l))")).toThrow(/a block is not closed/);
    expect(() => readModule("(module (func $f end))")).toThrow(/an end too many/);
  });
});
