import { afterEach, describe, expect, it } from "vitest";
import { loadSync, WorkerLostError, type Xentropy } from "../../src/index.js";
import type { Threads } from "../../src/threads/index.js";
import { type Listener, spawner, type Thread } from "../../src/threads/platform.js";
import { kernelsOn, newThreads, startFaulty, untilFault as untilFaultOf } from "../support/faulty.js";
import { normal } from "../support/samples.js";
import { Starter, WORKER } from "../support/threads.js";
import { expectSameBits } from "../support/ulp.js";

const SHAPE = [256, 1000] as const;
const x = normal(256 * 1000, 1);
const one = loadSync({ backend: "simd" });
const expected = one.softmax(x, { shape: SHAPE });
let threads: Threads;
afterEach(() => threads.dispose());

/** Kernels with one worker that fails in its first share. */
async function withFaulty(fault: string, deadline?: number): Promise<Xentropy> {
  threads = newThreads(deadline);
  await startFaulty(threads, fault);
  return kernelsOn(threads);
}

const untilFault = (call: () => void) => untilFaultOf(threads, call);

async function until(what: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !what(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(what()).toBe(true);
}

function expectRight(k: Xentropy): void {
  expectSameBits(k.softmax(x, { shape: SHAPE }), expected, "the next call");
}

it("workers that started are heard of by a caller who was busy until their time was up", async () => {
  threads = newThreads();
  const starter = new Starter(await spawner(WORKER));
  const started = threads.start(1, starter.spawn, 50);
  starter.awaitAll();
  for (const end = performance.now() + 100; performance.now() < end; );
  await started;
  expect(threads.count).toBe(2);
});

it("workers that don't start in their time are an error that says so", async () => {
  threads = newThreads();
  const mute = () => ({ post() {}, terminate() {}, letGo() {}, tellsEnd: false });
  await expect(threads.start(1, mute, 50)).rejects.toThrow(/did not start: nothing was heard of it for 0\.05 s/);
  expect(threads.count).toBe(1);
});

it.each(["before another", "while another reads its options"])(
  "a call that failed %s leaves nothing that that would copy",
  async (when) => {
    threads = newThreads();
    await startFaulty(threads, "throw&in=softmaxApply");
    const starter = new Starter(await spawner(WORKER));
    await threads.start(1, starter.spawn);
    starter.awaitAll();
    const k = kernelsOn(threads);
    const long = normal(200_000, 1);
    const out = new Float32Array(200_000);
    const features = normal(25_600, 2);
    const weights = normal(1000, 3);
    const labels = new Int32Array(256);
    const given = { shape: [256, 100], grad: true } as const;
    let error: unknown;
    const fail = () => {
      for (const end = Date.now() + 60_000; !error && Date.now() < end; ) {
        try {
          k.softmax(long, { out });
        } catch (cause) {
          error = cause;
        }
      }
      out.fill(5);
    };
    if (when === "before another") fail();
    const options = {
      ...given,
      get reduction() {
        if (!error) fail();
        return "mean" as const;
      },
    };
    const { loss } = k.linearSoftmaxCrossEntropy(features, weights, labels, options);
    expect(error).toBeInstanceOf(WorkerLostError);
    expect(loss).toBe(one.linearSoftmaxCrossEntropy(features, weights, labels, given).loss);
    expect(out.every((value) => value === 5)).toBe(true);
  },
);

it("a worker that throws in a long row's backward pass is done without", async () => {
  const k = await withFaulty("throw&in=softmaxBackwardApply");
  const [p, dp] = [normal(600_000, 1), normal(600_000, 2)];
  const own = one.softmaxBackward(p, dp);
  expect(untilFault(() => k.softmaxBackward(p, dp))).toBeUndefined();
  expectSameBits(k.softmaxBackward(p, dp), own, "the next call");
});

describe("a worker that ends between calls", () => {
  it("costs nothing but speed, and k.threads says so", async () => {
    threads = newThreads();
    const workers: Thread[] = [];
    const spawn = await spawner(WORKER);
    await threads.start(2, (listener) => {
      const worker = spawn(listener);
      workers.push(worker);
      return worker;
    });
    const k = kernelsOn(threads);
    expect(k.threads).toBe(3);
    workers[0].terminate();
    // Nobody can have heard of it yet.
    expectRight(k);
    await until(() => k.threads === 2);
    expectRight(k);
    workers[1].terminate();
    await until(() => k.threads === 1);
    expectRight(k);
  });

  it("takes part in nothing more where it goes on though the runtime says that it has ended, as in Deno", async () => {
    threads = newThreads();
    const told: Listener[] = [];
    let ends = 0;
    const spawn = await spawner(WORKER);
    await threads.start(2, (listener) => {
      told.push(listener);
      return spawn({ ready: () => listener.ready(), ended: () => ends++ });
    });
    const k = kernelsOn(threads);
    told[0].ended();
    expect(k.threads).toBe(2);
    await until(() => {
      expectRight(k);
      return ends > 0;
    });
    expect(ends).toBe(1);
  });
});

describe("a worker whose kernel throws within a share", () => {
  it("leaves no trace where input and output lie apart: the caller computes the share", async () => {
    const k = await withFaulty("throw");
    const z = k.alloc(SHAPE).set(x);
    const out = k.alloc(SHAPE);
    const error = untilFault(() => {
      out.data.fill(0);
      k.softmax(z, { out });
      expectSameBits(out.toArray(), expected, "the call in which it threw");
    });
    expect(error).toBeUndefined();
    expect(k.threads).toBe(1);
    expectRight(k);
  });

  it("leaves none where the output takes the place of a foreign input, which the caller has still", async () => {
    const k = await withFaulty("throw");
    const error = untilFault(() => {
      const place = x.slice();
      k.softmax(place, { shape: SHAPE, out: place });
      expectSameBits(place, expected, "the call in which it threw");
    });
    expect(error).toBeUndefined();
    expect(k.threads).toBe(1);
    expectRight(k);
  });

  it("is an error where the input was overwritten", async () => {
    const k = await withFaulty("throw");
    const z = k.alloc(SHAPE);
    const error = untilFault(() => {
      z.set(x);
      k.softmax(z, { out: z });
    });
    expect(error).toBeInstanceOf(WorkerLostError);
    expect((error as WorkerLostError).code).toBe("WORKER_LOST");
    expect(k.threads).toBe(1);
    expectRight(k);
    expectSameBits(k.softmax(z.set(x), { out: z }).toArray(), expected, "the same call again");
  });
});

describe("a worker whose kernel throws within a row that is cut into columns", () => {
  it("is an error: its part of the sum may have been taken already", async () => {
    const k = await withFaulty("throw");
    const row = k.alloc([1, x.length]).set(x);
    const sum = one.logSumExp(x, { shape: [1, x.length] });
    const error = untilFault(() => expectSameBits(k.logSumExp(row), sum, "the call in which it threw"));
    expect(error).toBeInstanceOf(WorkerLostError);
    expectSameBits(k.logSumExp(row), sum, "the next call");
  });
});

describe.each(["hang", "exit", "late=600"])("a worker that falls silent within a share (%s)", (fault) => {
  it("makes the call throw after a deadline, and the next call is right", async () => {
    const k = await withFaulty(fault, 150);
    expect(untilFault(() => k.softmax(x, { shape: SHAPE }))).toBeInstanceOf(WorkerLostError);
    expect(k.threads).toBe(1);
    for (let i = 0; i < 5; i++) expectRight(k);
    await new Promise((resolve) => setTimeout(resolve, 800));
    for (let i = 0; i < 5; i++) expectRight(k);
  });

  it("keeps what the worker may still write to from use, until its end is seen", async () => {
    const k = await withFaulty(fault, 150);
    const z = k.alloc(SHAPE).set(x);
    const out = k.alloc(SHAPE);
    const { byteOffset, byteLength } = out.data;
    const view = out.data;
    expect(untilFault(() => k.softmax(z, { out }))).toBeInstanceOf(WorkerLostError);
    expect(() => out.data).toThrow(WorkerLostError);
    expect(() => k.softmax(out)).toThrow(WorkerLostError);
    expect(() => k.softmax(view, { shape: SHAPE })).toThrow(WorkerLostError);
    // The input can be used at once.
    expectSameBits(k.softmax(z), expected, "input of the lost call");
    out.free();
    const fresh = k.alloc(SHAPE);
    const start = fresh.data.byteOffset;
    expect(start + byteLength <= byteOffset || start >= byteOffset + byteLength).toBe(true);
    const { used } = k.memory;
    await until(() => k.memory.used <= used - byteLength);
  });

  it("keeps a small batch from use too, which short calls take", async () => {
    const k = await withFaulty(fault, 150);
    const z = k.alloc([16, 100]).set(x.subarray(0, 1600));
    const out = k.alloc([16, 100]);
    expect(untilFault(() => k.softmax(z, { out }))).toBeInstanceOf(WorkerLostError);
    expect(() => k.softmax(out)).toThrow(WorkerLostError);
    expect(() => k.softmax(z, { out })).toThrow(WorkerLostError);
  });

  it.each(["softmax", "softmaxCrossEntropy"] as const)(
    "keeps all classes from use that %s across an axis wrote",
    async (name) => {
      const k = await withFaulty(fault, 150);
      const z = k.alloc([8, 4000]).set(x.subarray(0, 32_000));
      const out = k.alloc([8, 4000]);
      const last = out.rows(7, 8);
      const lost = untilFault(() => {
        if (name === "softmax") k.softmax(z, { axis: 0, out });
        else k.softmaxCrossEntropy(z, new Int32Array(4000), { axis: 0, grad: out });
      });
      expect(lost).toBeInstanceOf(WorkerLostError);
      expect(() => last.data).toThrow(WorkerLostError);
    },
  );

  it("keeps it for good where the runtime doesn't tell the end, or too early", async () => {
    threads = newThreads(150);
    let ended = false;
    await startFaulty(threads, fault, (spawn) => ({ ready, ended: tell }) => {
      const thread = spawn({
        ready,
        ended: (cause) => {
          ended = true;
          tell(cause);
        },
      });
      return { ...thread, tellsEnd: false };
    });
    const k = kernelsOn(threads);
    const z = k.alloc(SHAPE).set(x);
    const out = k.alloc(SHAPE);
    expect(untilFault(() => k.softmax(z, { out }))).toBeInstanceOf(WorkerLostError);
    await until(() => ended);
    expect(() => out.data).toThrow(WorkerLostError);
    expectRight(k);
  });

  it("gives the output back by itself when the worker has ended", async () => {
    const k = await withFaulty(fault, 150);
    const z = k.alloc(SHAPE).set(x);
    const out = k.alloc(SHAPE);
    expect(untilFault(() => k.softmax(z, { out }))).toBeInstanceOf(WorkerLostError);
    await until(() => {
      try {
        return out.data.length > 0;
      } catch {
        return false;
      }
    });
    expectSameBits(k.softmax(z, { out }).toArray(), expected, "the same call again");
  });
});
