import { runInNewContext } from "node:vm";
import { describe, expect, it, vi } from "vitest";
import {
  BackendError,
  type LoadOptions,
  load,
  loadSync,
  MemoryError,
  OptionError,
  XentropyError,
} from "../src/index.js";
import { BACKENDS, binaryOf, describeEachBackend } from "./support/backends.js";

type Load = (options?: LoadOptions) => unknown;

/** Both ways to load; what is thrown and what is rejected count alike. */
const BOTH: readonly (readonly [string, (options?: unknown) => Promise<unknown>])[] = [
  ["load", (options) => (load as Load)(options as LoadOptions) as Promise<unknown>],
  ["loadSync", async (options) => loadSync(options as LoadOptions)],
];

const ascii = (text: string) => Array.from(text, (character) => character.charCodeAt(0));

async function errorOf(promise: Promise<unknown>): Promise<XentropyError> {
  const error = await promise.then(
    () => expect.fail("nothing was thrown"),
    (caught: unknown) => caught,
  );
  if (!(error instanceof XentropyError)) throw error;
  return error;
}

describe.each(BOTH)("%s", (name, open) => {
  it.each([
    ["an unknown option", { backends: "simd" }],
    ["an empty list of backends", { backend: [] }],
    ["a backend that there is not", { backend: "wasm" }],
    ["one in a list that there is not", { backend: ["simd", "gpu"] }],
    ["undefined in a list of backends", { backend: [undefined] }],
    ["undefined behind a backend", { backend: ["js", undefined] }],
    ["null in a list of backends", { backend: [null] }],
    ["null as backend", { backend: null }],
    ["a number as backend", { backend: 1 }],
    ["no threads", { threads: 0 }],
    ["negative threads", { threads: -1 }],
    ["half a thread", { threads: 0.5 }],
    ["infinite threads", { threads: Infinity }],
    ["NaN threads", { threads: Number.NaN }],
    ["threads in text", { threads: "2" }],
    ["null threads", { threads: null }],
    ["a memory limit in text", { maximumMemory: "4 MB" }],
    ["a NaN memory limit", { maximumMemory: Number.NaN }],
    ["null as memory limit", { maximumMemory: null }],
    ["options that are no object", "simd"],
    ["null as options", null],
  ])("refuses %s with an OptionError", async (_, options) => {
    const error = await errorOf(open(options));
    expect(error).toBeInstanceOf(OptionError);
    expect(error.code).toBe("OPTION");
  });

  it.each([0, -1, 65536, 2 * 1024 * 1024 - 1])(
    "refuses a limit of %i bytes, which can't hold the kernels",
    async (bytes) => {
      const error = await errorOf(open({ maximumMemory: bytes }));
      expect(error).toBeInstanceOf(MemoryError);
      expect(error.code).toBe("MEMORY");
      expect(error.message).toContain(String(2 * 1024 * 1024));
    },
  );

  it("takes the least limit, one between pages, and one beyond what can be addressed", async () => {
    const least = 2 * 1024 * 1024;
    for (const [given, taken] of [
      [least, least],
      [least + 65535, least],
      [Infinity, 65535 * 65536],
      [2 ** 40, 65535 * 65536],
    ]) {
      const k = (await open({ maximumMemory: given })) as ReturnType<typeof loadSync>;
      expect(k.memory.maximum).toBe(taken);
      expect(k.softmax(Float32Array.of(1, 1))).toEqual(Float32Array.of(0.5, 0.5));
    }
  });

  it("takes simd by default, with one thread", async () => {
    const k = (await open()) as ReturnType<typeof loadSync>;
    expect([k.backend, k.threads]).toEqual(["simd", 1]);
  });

  it("takes the first backend of a list that can be had", async () => {
    const k = (await open({ backend: ["js", "simd"] })) as ReturnType<typeof loadSync>;
    expect(k.backend).toBe("js");
  });

  it.each([
    ["an object", {}],
    ["the bytes of a binary", binaryOf("simd")],
    ["null", null],
  ])("refuses %s in place of a compiled module with an OptionError", async (_, module) => {
    const error = await errorOf(open({ module }));
    expect(error).toBeInstanceOf(OptionError);
    expect(error.message).toContain("WebAssembly.Module");
  });

  it.each([
    ["nothing in it", []],
    ["the name of another version", [0, 20, 8, ...ascii("xentropysimd 99.0.0")]],
    ["a section of that name and no more", [0, 9, 8, ...ascii("xentropy")]],
  ])("refuses a module with %s, whatever backends are asked for", async (_, bytes) => {
    const module = new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...bytes));
    for (const options of [{ module }, { module, backend: "simd" }, { module, backend: ["js", "simd"] }]) {
      const error = await errorOf(open(options));
      expect(error).toBeInstanceOf(BackendError);
      expect(error.message).toContain("module given");
    }
  });

  it("takes a module of another realm, as Next.js has them at the edge", async () => {
    const module = runInNewContext("new WebAssembly.Module(bytes)", { bytes: binaryOf("simd") });
    expect(module).not.toBeInstanceOf(WebAssembly.Module);
    const k = (await open({ module, backend: "simd" })) as ReturnType<typeof loadSync>;
    expect(k.backend).toBe("simd");
    expect(k.softmax(Float32Array.of(1, 2))).toEqual(loadSync().softmax(Float32Array.of(1, 2)));
  });

  it("takes a module of its own for the backend it was made for, and for no other", async () => {
    const module = new WebAssembly.Module(binaryOf("simd"));
    for (const backend of [undefined, "simd", ["simd"], ["simd", "js"]]) {
      expect(((await open({ module, backend })) as { backend: string }).backend).toBe("simd");
    }
    expect(((await open({ module, backend: ["js", "simd"] })) as { backend: string }).backend).toBe("js");
    for (const backend of ["relaxed", "js", ["relaxed", "js"]]) {
      const error = await errorOf(open({ module, backend }));
      expect(error).toBeInstanceOf(BackendError);
      expect(error.message).toContain('"simd" binary');
    }
  });

  if (name === "loadSync") {
    it("refuses a module for several threads, which it doesn't start", async () => {
      const module = new WebAssembly.Module(binaryOf("simd-shared"));
      const error = await errorOf(open({ module, threads: "auto" }));
      expect(error).toBeInstanceOf(BackendError);
      expect(error.message).toContain('"simd-shared" binary');
    });
  }

  it("gives kernels that share nothing", async () => {
    const first = (await open()) as ReturnType<typeof loadSync>;
    const second = (await open()) as ReturnType<typeof loadSync>;
    first.alloc([1000]);
    expect(first.memory.used).toBeGreaterThan(second.memory.used);
  });

  it("reads each option exactly once", async () => {
    const reads: string[] = [];
    const options = {};
    for (const [key, value] of Object.entries({
      backend: "simd",
      threads: 1,
      maximumMemory: 2 ** 22,
      module: undefined,
    })) {
      const get = () => {
        reads.push(key);
        return value;
      };
      Object.defineProperty(options, key, { get, enumerable: true });
    }
    await open(options);
    expect(reads.sort()).toEqual(["backend", "maximumMemory", "module", "threads"]);
  });

  it(`${name === "load" ? "rejects" : "throws"} where the one backend named can't be had, and says why`, async () => {
    // loadSync has no binary of it, load no engine that takes it; what was compiled before isn't compiled again.
    vi.resetModules();
    const fresh = await import("../src/index.js");
    const openFresh = async (backend: LoadOptions["backend"]) =>
      name === "load" ? fresh.load({ backend }) : fresh.loadSync({ backend });
    const refuse = () => vi.spyOn(WebAssembly, "compile").mockRejectedValueOnce(new WebAssembly.CompileError("opcode"));
    try {
      refuse();
      const error = await openFresh("relaxed").catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(fresh.BackendError);
      expect((error as Error).message).toContain('"relaxed"');
      refuse();
      expect((await openFresh(["relaxed", "simd"])).backend).toBe("simd");
    } finally {
      vi.restoreAllMocks();
    }
  });

  if (name === "load") {
    it("takes relaxed where the engine does", async () => {
      const relaxed = BACKENDS.find((backend) => backend.name === "relaxed");
      const had = await open({ backend: "relaxed" }).catch((error: XentropyError) => error.code);
      expect(had).toEqual(relaxed?.available ? expect.objectContaining({ backend: "relaxed" }) : "BACKEND");
    });
  }
});

it("an engine that doesn't know a binary's instructions is told so, not the engine's own words", async () => {
  // What was compiled before isn't compiled again.
  vi.resetModules();
  const fresh = await import("../src/index.js");
  vi.spyOn(WebAssembly, "compile").mockRejectedValue(new WebAssembly.CompileError("opcode #5 @+2887"));
  try {
    const error = await fresh.load({ backend: "relaxed" }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(fresh.BackendError);
    expect((error as Error).message).toMatch(/no relaxed SIMD.*--experimental-wasm-relaxed-simd/);
    expect(((error as Error).cause as Error).message).toContain("opcode");
  } finally {
    vi.restoreAllMocks();
  }
});

it("load gets by where a page's main thread refuses to instantiate at once; loadSync arrives at js", async () => {
  vi.spyOn(WebAssembly, "Instance").mockImplementation(function refuse() {
    throw new RangeError("WebAssembly.Instance is disallowed on the main thread");
  });
  try {
    expect((await load()).backend).toBe("simd");
    expect(loadSync().backend).toBe("js");
  } finally {
    vi.restoreAllMocks();
  }
});

describeEachBackend("loaded kernels", (backend) => {
  it("say which backend they are", () => {
    expect(backend.k.backend).toBe(backend.name);
    expect(backend.k.threads).toBe(backend.threads);
  });
});

it("load and loadSync give the same bits", async () => {
  const x = Float32Array.from({ length: 100 }, (_, i) => Math.sin(i) * 9);
  expect((await load()).softmax(x)).toEqual(loadSync().softmax(x));
});

it("load keeps the event loop from running empty while it compiles: Node 20 can stand still for ever there", async () => {
  vi.resetModules();
  const fresh = await import("../src/index.js");
  const begun = vi.spyOn(globalThis, "setInterval");
  const ended = vi.spyOn(globalThis, "clearInterval");
  try {
    const loading = fresh.load({ backend: "simd" });
    await Promise.resolve();
    expect(begun).toHaveBeenCalledOnce();
    const timer = begun.mock.results[0].value as NodeJS.Timeout;
    expect(timer.hasRef()).toBe(true);
    expect(ended).not.toHaveBeenCalledWith(timer);
    await loading;
    expect(ended).toHaveBeenCalledWith(timer);
  } finally {
    vi.restoreAllMocks();
  }
});

it("load does without timers where a runtime has none", async () => {
  vi.resetModules();
  const fresh = await import("../src/index.js");
  vi.stubGlobal("setInterval", undefined);
  vi.stubGlobal("clearInterval", undefined);
  try {
    expect((await fresh.load()).backend).toBe("simd");
  } finally {
    vi.unstubAllGlobals();
  }
});
