import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

/** Runs a program on the built package in a process of its own. */
function run(program: string): { status: number | null; output: string } {
  const dist = new URL("../../dist/index.js", import.meta.url);
  const text = `import { load, loadSync } from ${JSON.stringify(dist.href)};\n${program}`;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--expose-gc", "--input-type=module", "--eval", text],
    { cwd: fileURLToPath(new URL(".", import.meta.url)), encoding: "utf8", timeout: 120_000 },
  );
  return { status, output: stdout + stderr };
}

describe("load({ threads })", () => {
  it("gives as many threads as asked for, and the bits of one", () => {
    const { status, output } = run(`
      const x = Float32Array.from({ length: 300_000 }, (_, i) => Math.sin(i) * 9);
      const shape = [3, 100_000];
      const one = loadSync().softmaxCrossEntropy(x, [1, 2, 3], { shape, grad: true });
      for (const threads of [1, 2, 3]) {
        const k = await load({ threads });
        const { loss, grad } = k.softmaxCrossEntropy(x, [1, 2, 3], { shape, grad: true });
        console.log(k.threads, k.backend, loss === one.loss, grad.every((g, i) => Object.is(g, one.grad[i])));
        k.dispose();
      }`);
    expect(output).toBe("1 simd true true\n2 simd true true\n3 simd true true\n");
    expect(status).toBe(0);
  });

  it('takes "auto" for what the machine has', () => {
    const { output } = run(`
      import { availableParallelism } from "node:os";
      const k = await load({ threads: "auto" });
      console.log(k.threads === Math.min(8, availableParallelism()), loadSync({ threads: "auto" }).threads);`);
    expect(output).toBe("true 1\n");
  });

  it("takes a module made for threads, and refuses one that isn't", () => {
    const { output } = run(`
      import { readFileSync } from "node:fs";
      const dist = ${JSON.stringify(new URL("../../dist/", import.meta.url).href)};
      const module = (name) => new WebAssembly.Module(readFileSync(new URL(name + ".wasm", dist)));
      const k = await load({ threads: 2, module: module("simd-shared") });
      console.log(k.threads, k.softmax(Float32Array.of(1, 1)).join());
      for (const [name, threads, backend] of [["simd-shared", 1, "simd"], ["simd", 2, "simd"], ["simd-shared", 2, "relaxed"]]) {
        await load({ threads, backend, module: module(name) }).catch((error) => console.log(error.code, error.message));
      }
      console.log((await load({ threads: "auto", module: module("simd") })).threads);
      const other = await load({ threads: 2, backend: ["relaxed", "simd"], module: module("simd-shared") });
      const relaxed = WebAssembly.validate(readFileSync(new URL("relaxed.wasm", dist)));
      console.log(other.backend === (relaxed ? "relaxed" : "simd"));
      try {
        loadSync({ threads: "auto", module: module("simd-shared") });
      } catch (error) {
        console.log(error.code, error.message);
      }`);
    expect(output.split("\n").slice(0, 2)).toEqual(["2 0.5,0.5", expect.stringMatching(/^BACKEND .*"simd-shared"/)]);
    expect(output.split("\n").slice(2, 7)).toEqual([
      expect.stringMatching(/^BACKEND .*"simd".*"simd-shared"/),
      expect.stringMatching(/^BACKEND .*"simd-shared".*relaxed/),
      "1",
      "true",
      expect.stringMatching(/^BACKEND .*"simd-shared"/),
    ]);
  });

  it("keeps within maximumMemory, the caller's own memory included", () => {
    const { output } = run(`
      const x = new Float32Array(10_000).map((_, i) => Math.sin(i));
      const expected = loadSync().softmax(x).join();
      for (const megabytes of [6, 7.5, 9]) {
        const k = await load({ threads: 2, maximumMemory: megabytes * 2 ** 20 });
        const right = k.softmax(x).join() === expected && k.softmax(x.subarray(0, 2)).length === 2;
        const batches = [];
        try { for (;;) batches.push(k.alloc([10_000])); } catch ({ code }) { console.log(right, code); }
        const { used, reserved, maximum } = k.memory;
        console.log(used <= reserved, reserved <= maximum, maximum - used < 150_000 + 2 ** 20, maximum / 2 ** 20);
        k.dispose();
      }`);
    const lines = [6, 7.5, 9].flatMap((megabytes) => ["true MEMORY", `true true true ${megabytes}`]);
    expect(output.trim().split("\n")).toEqual(lines);
  });

  it("says how much it needs where maximumMemory is less, and gives one thread for auto", () => {
    const { output } = run(`
      await load({ threads: 2, maximumMemory: 5 << 20 }).catch(({ code, message }) => console.log(code, message));
      const k = await load({ threads: "auto", maximumMemory: 2 << 20 });
      console.log(k.threads, k.memory.maximum, k.softmax(Float32Array.of(1, 1)).join());
      const needed = await load({ threads: 2, maximumMemory: 5 << 20 }).catch(({ message }) => message.match(/(\\d+) bytes/)[1]);
      console.log((await load({ threads: 2, maximumMemory: Number(needed) })).threads);`);
    expect(output.trim().split("\n")).toEqual([
      expect.stringMatching(/^MEMORY maximumMemory 5242880 .* they need 6\d+ bytes for 2 threads\.$/),
      "1 2097152 0.5,0.5",
      "2",
    ]);
  });

  it("refuses what can't be had", () => {
    const { output } = run(`
      for (const options of [{ backend: "js", threads: 2 }, { threads: 66 }, { threads: 1e9 }]) {
        await load(options).catch((error) => console.log(error.code));
      }
      try { loadSync({ threads: 2 }) } catch (error) { console.log(error.code, /load/.test(error.message)) }
      delete globalThis.SharedArrayBuffer;
      await load({ threads: 2 }).catch((error) => console.log(error.code, /SharedArrayBuffer/.test(error.message)));
      console.log((await load({ threads: "auto" })).threads);`);
    expect(output).toBe("BACKEND\nBACKEND\nBACKEND\nBACKEND true\nBACKEND true\n1\n");
  });
});

describe("a pool", () => {
  it("doesn't keep the process alive", () => {
    const { status, output } = run(`
      const k = await load({ threads: 3 });
      k.softmax(new Float32Array(1_000_000), { shape: [10, 100_000] });
      console.log("done");`);
    expect([status, output]).toEqual([0, "done\n"]);
  });

  it("is gone after dispose: later calls are errors, and so is the use of its batches", () => {
    const { output } = run(`
      const k = await load({ threads: 2 });
      const z = k.alloc([2, 2]);
      k.dispose();
      k.dispose();
      for (const call of [() => k.softmax(new Float32Array(2)), () => k.alloc([1]), () => z.data]) {
        try { call(); console.log("no error"); } catch (error) { console.log(error.code); }
      }
      z.free();
      console.log(k.threads, k.memory.used);`);
    expect(output).toBe("FREED\nFREED\nFREED\n1 0\n");
  });

  it.runIf(process.platform === "linux")(
    "leaves no thread and no memory behind: 80 are made and disposed",
    () => {
      const { status, output } = run(`
      import { readdirSync, readFileSync } from "node:fs";
      const threads = () => readdirSync("/proc/self/task").length;
      const bytes = () => Number(/VmRSS:\\s*(\\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]) * 1024;
      const x = new Float32Array(200_000);
      async function pools(n) {
        for (let i = 0; i < n; i++) {
          const k = await load({ threads: 2 });
          k.softmax(x, { shape: [2, 100_000] });
          k.dispose();
        }
        for (let i = 0; i < 20; i++) {
          gc();
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      }
      await pools(20);
      const before = [threads(), bytes()];
      await pools(60);
      console.log(threads() - before[0], Math.round((bytes() - before[1]) / 2 ** 20));`);
      expect(status, output).toBe(0);
      const [threads, megabytes] = output.split(" ").map(Number);
      expect(threads).toBeLessThanOrEqual(0);
      // A single pool that stayed would hold a workspace of 3 MB and an isolate of 4 MB or more, 60 of them 420 MB.
      expect(megabytes).toBeLessThan(150);
    },
    120_000,
  );

  it.runIf(process.platform === "linux")("ends when its kernels are garbage", () => {
    const { output } = run(`
      import { readdirSync } from "node:fs";
      const threads = () => readdirSync("/proc/self/task").length;
      const before = threads();
      await (async () => { (await load({ threads: 3 })).softmax(new Float32Array(3)); })();
      const during = threads();
      for (let i = 0; i < 100 && threads() > before; i++) {
        gc();
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      console.log(during > before, threads() <= before);`);
    expect(output).toBe("true true\n");
  });
});
