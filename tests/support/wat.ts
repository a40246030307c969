/**
 * Reads WebAssembly text, in which instructions may be folded into parentheses or stand one a line with `end`, and finds
 * the functions, their loops and what is in them.
 */

export interface Loop {
  readonly label: string;
  /** Instructions in the loop, those of nested loops included. */
  readonly instructions: string[];
  /** Functions called from the loop, those of nested loops included; "*" for a call through a table. */
  readonly calls: string[];
  /** Whether no other loop is nested in it. */
  innermost: boolean;
}

export interface Func {
  readonly name: string;
  readonly instructions: string[];
  readonly calls: string[];
  readonly loops: Loop[];
}

export interface Module {
  /** "module.name kind" of each import. */
  readonly imports: string[];
  /** Name → what it is, "func $name" or "memory $name". */
  readonly exports: Map<string, string>;
  readonly functions: Map<string, Func>;
  /** Names of the globals that may be set. */
  readonly mutableGlobals: string[];
  /** Heads of the other fields: "type", "data", "start"... */
  readonly fields: string[];
}

type Node = string | Node[];

const TOKEN = /;;[^\n]*|\(;[\s\S]*?;\)|"(?:\\.|[^"\\])*"|[()]|[^\s()";]+/g;

/** The s-expressions of a text, comments left out. */
function parse(text: string): Node[] {
  const stack: Node[][] = [[]];
  for (const [token] of text.matchAll(TOKEN)) {
    if (token.startsWith(";;") || token.startsWith("(;")) continue;
    if (token === "(") stack.push([]);
    else if (token === ")") {
      const node = stack.pop() as Node[];
      const parent = stack.at(-1);
      if (!parent) throw new Error("a parenthesis too many");
      parent.push(node);
    } else (stack.at(-1) as Node[]).push(token);
  }
  if (stack.length !== 1) throw new Error("a parenthesis is not closed");
  return stack[0];
}

/** Instructions are words with a dot and the words below; everything else in a body is an operand of one. */
const PLAIN = new Set(
  "unreachable nop br br_if br_table return call call_indirect call_ref return_call return_call_indirect drop select".split(
    " ",
  ),
);
const OPENING = new Set(["block", "loop", "if", "try", "try_table"]);
const NO_CODE = new Set(["param", "result", "local", "type", "export", "import"]);

class Body {
  readonly func: Func;
  /** What is open, in order: a loop, or something else that `end` closes. */
  readonly #open: (Loop | undefined)[] = [];

  constructor(name: string) {
    this.func = { name, instructions: [], calls: [], loops: [] };
  }

  walk(nodes: readonly Node[]): void {
    const depth = this.#open.length;
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i];
      const next = nodes[i + 1];
      const operand = typeof next === "string" ? next : "";
      if (typeof node !== "string") {
        if (NO_CODE.has(node[0] as string)) continue;
        this.#folded(node);
      } else if (OPENING.has(node)) {
        this.#begin(node, operand);
      } else if (node === "end") {
        this.#end();
      } else {
        this.#instruction(node, operand);
      }
    }
    if (this.#open.length !== depth) throw new Error(`${this.func.name}: a block is not closed`);
  }

  #folded(node: readonly Node[]): void {
    const [head, name] = node;
    if (typeof head === "string" && OPENING.has(head)) {
      this.#begin(head, typeof name === "string" ? name : "");
      this.walk(node.slice(1));
      this.#end();
    } else {
      this.walk(node);
    }
  }

  #begin(kind: string, label: string): void {
    if (kind !== "loop") {
      this.#open.push(undefined);
      return;
    }
    for (const outer of this.#open) if (outer) outer.innermost = false;
    const loop: Loop = { label, instructions: [], calls: [], innermost: true };
    this.func.loops.push(loop);
    this.#open.push(loop);
  }

  #end(): void {
    if (this.#open.length === 0) throw new Error(`${this.func.name}: an end too many`);
    this.#open.pop();
  }

  #instruction(word: string, operand: string): void {
    if (!PLAIN.has(word) && !/^[a-z]\w*\.\w/.test(word)) return;
    const call = /^(return_)?call/.test(word) ? (word.endsWith("call") ? operand : "*") : undefined;
    for (const place of [this.func, ...this.#open]) {
      if (!place) continue;
      place.instructions.push(word);
      if (call) place.calls.push(call);
    }
  }
}

function unquote(node: Node | undefined): string {
  return typeof node === "string" ? node.replace(/^"|"$/g, "") : "";
}

/** The module of a text. */
export function readModule(text: string): Module {
  const [module] = parse(text);
  if (!Array.isArray(module) || module[0] !== "module") throw new Error("the text is no module");
  const result: Module = { imports: [], exports: new Map(), functions: new Map(), mutableGlobals: [], fields: [] };
  for (const field of module.slice(1)) {
    if (!Array.isArray(field)) continue;
    const [kind, name] = field;
    if (kind === "import") {
      const what = field.at(-1) as Node[];
      result.imports.push(`${unquote(field[1])}.${unquote(field[2])} ${what[0]}`);
    } else if (kind === "export") {
      result.exports.set(unquote(name), (field[2] as string[]).join(" "));
    } else if (kind === "func") {
      const body = new Body(name as string);
      body.walk(field.slice(2));
      result.functions.set(name as string, body.func);
    } else if (kind === "global" && field.some((part) => Array.isArray(part) && part[0] === "mut")) {
      result.mutableGlobals.push(name as string);
    } else {
      result.fields.push(kind as string);
    }
  }
  return result;
}

/** Whether an instruction works on vectors. */
export function isVector(instruction: string): boolean {
  return /^(v128|[if]\d+x\d+)\./.test(instruction);
}

/**
 * The calls out of innermost loops that work on vectors, each as "function loop callee". A function that has a loop of
 * its own isn't an operation on a vector: where it is called, that loop is the inner one.
 */
export function callsInHotLoops(module: Module): string[] {
  const found: string[] = [];
  for (const { name, loops } of module.functions.values()) {
    for (const { label, innermost, instructions, calls } of loops) {
      if (!innermost || !instructions.some(isVector)) continue;
      for (const callee of calls) {
        if (!module.functions.get(callee)?.loops.length) found.push(`${name} ${label} ${callee}`);
      }
    }
  }
  return found;
}

/** Functions that are reached from one by calls, itself included. */
export function reached(module: Module, name: string): Set<string> {
  const all = new Set([name]);
  for (const each of all) for (const callee of module.functions.get(each)?.calls ?? []) all.add(callee);
  return all;
}
