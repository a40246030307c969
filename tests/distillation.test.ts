import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Xentropy } from "../src/kernels.js";
import { logSoftmax, softmaxKlDivergence } from "../src/reference/index.js";
import { Threads } from "../src/threads/index.js";
import { spawner } from "../src/threads/platform.js";
import { BACKENDS, type BackendRow, binaryOf, describeEachBackend } from "./support/backends.js";
import { FINITE, LONG_LENGTHS, normal, SHORT_LENGTHS } from "./support/samples.js";
import { EAGER, WORKER } from "./support/threads.js";
import { expectSameBits, expectWithin } from "./support/ulp.js";

/** Σ p·|log(p/q)|, and p + q, both with the powers of T that belong to them. */
function terms(
  student: Float32Array,
  teacher: Float32Array,
  temperature: number,
): { loss: number; grad: Float64Array } {
  const [q, p] = [student, teacher].map((z) => logSoftmax(z, { temperature }));
  let loss = 0;
  const grad = p.map((lp, i) => {
    const mass = Math.exp(lp);
    if (mass !== 0) loss += mass * Math.abs(lp - q[i]);
    return temperature * (mass + Math.exp(q[i]));
  });
  return { loss: temperature * temperature * loss, grad };
}

function judge({ k }: BackendRow, student: Float32Array, teacher: Float32Array, temperature: number): void {
  const what = `length ${student.length}, T ${temperature}`;
  const { loss, grad } = k.softmaxKlDivergence(student, teacher, { temperature, grad: true });
  const truth = softmaxKlDivergence(student, teacher, { temperature, grad: true });
  const units = terms(student, teacher, temperature);
  expectWithin(4, loss, truth.loss, `loss, ${what}`, units.loss);
  expectWithin(4, grad, truth.grad, `gradient, ${what}`, units.grad);
  expectSameBits(k.softmaxKlDivergence(student, teacher, { temperature }).loss, loss, `loss alone, ${what}`);
}

const MODERATE = FINITE.filter(([name]) => !name.includes("3e38"));

describeEachBackend("softmaxKlDivergence", (backend) => {
  it.each(MODERATE)("and its gradient are within 4 ULP of their terms at every length: logits %s", (_, sample) => {
    for (const length of [...SHORT_LENGTHS.slice(1), ...LONG_LENGTHS.filter((n) => n < 10_000 && backend.affords(n))]) {
      const temperature = [1, 2, 0.5][length % 3];
      judge(backend, sample(length, length), sample(length, length + 1), temperature);
    }
  });

  it.each([1, 0.1, 0.01, 1e-3, 1e-4, 1e-5, 1e-6])(
    "is within 4 ULP of itself where logits differ by up to %d, though its terms are far larger",
    (difference) => {
      for (const length of [2, 3, 10, 16, 17, 67, 1000, 20_000].filter((n) => backend.affords(n))) {
        const teacher = normal(length, length, 0, 3);
        const student = teacher.map((y, i) => y + difference * Math.sin(i + 1));
        const truth = softmaxKlDivergence(student, teacher).loss;
        expectWithin(4, backend.k.softmaxKlDivergence(student, teacher).loss, truth, `length ${length}`);
      }
    },
  );

  it("is within 4 ULP of itself where one class alone differs, by little or much", () => {
    for (const length of [2, 10, 67, 3000]) {
      const teacher = normal(length, length, 0, 4);
      for (const difference of [-80, -2, -1e-3, 1e-4, 0.5, 30, 90]) {
        for (const at of [0, length - 1]) {
          const student = teacher.slice();
          student[at] += difference;
          const truth = softmaxKlDivergence(student, teacher).loss;
          const { loss } = backend.k.softmaxKlDivergence(student, teacher);
          expectWithin(4, loss, truth, `length ${length}, class ${at} by ${difference}`);
        }
      }
    }
  });

  it("and its gradient are within 4 ULP of their terms where student and teacher nearly agree", () => {
    for (const length of [2, 10, 67, 3000, 66_000].filter((n) => backend.affords(n))) {
      const teacher = normal(length, length, 0, 4);
      judge(
        backend,
        teacher.map((y, i) => y + 1e-3 * Math.sin(i)),
        teacher,
        2,
      );
      judge(backend, teacher.slice(), teacher, 1);
    }
  });

  it("is never below 0", () => {
    for (const length of [1, 3, 67, 3000, 66_000].filter((n) => backend.affords(n))) {
      for (let seed = 0; seed < 20; seed++) {
        const teacher = normal(length, seed, 0, 2);
        const student = teacher.map((y, i) => y + 1e-4 * Math.sin(i + seed));
        expect(backend.k.softmaxKlDivergence(student, teacher).loss).toBeGreaterThanOrEqual(0);
      }
    }
  });

  it("is 0 with gradient 0 where they are the same", () => {
    const x = normal(20, 3);
    const { loss, grad } = backend.k.softmaxKlDivergence(x, x, { grad: true });
    expect(loss + 0).toBe(0);
    expectWithin(0, grad, new Float32Array(20), "gradient");
  });

  it("is infinite where the teacher has mass and the student none, and finite the other way round", () => {
    const { k } = backend;
    const all = Float32Array.of(0, 0);
    const one = Float32Array.of(0, -Infinity);
    expect(k.softmaxKlDivergence(one, all).loss).toBe(Infinity);
    expectWithin(4, k.softmaxKlDivergence(all, one).loss, Math.LN2, "loss");
    expect(k.softmaxKlDivergence(one, one).loss + 0).toBe(0);
  });

  it("is infinite where the student has no mass, be the teacher's as little as exp(−200)", () => {
    const { loss } = backend.k.softmaxKlDivergence(Float32Array.of(0, -Infinity), Float32Array.of(0, -200));
    expect(loss).toBe(Infinity);
  });

  it("is NaN for a NaN or +Infinity in either", () => {
    const x = Float32Array.of(1, 2, 3);
    for (const bad of [Number.NaN, Infinity]) {
      const spoilt = Float32Array.of(1, bad, 3);
      expect(backend.k.softmaxKlDivergence(x, spoilt).loss).toBeNaN();
      expect(backend.k.softmaxKlDivergence(spoilt, x).loss).toBeNaN();
    }
  });

  it("keeps what a class with less mass than float32 holds adds where the student's logits are very far apart", () => {
    for (const y of [-100, -138, -139, -140, -143, -144, -150, -180]) {
      for (const x of [-1e15, -1e25, -3e38]) {
        const [student, teacher] = [Float32Array.of(0, x), Float32Array.of(0, y)];
        const { loss } = backend.k.softmaxKlDivergence(student, teacher);
        expectWithin(4, loss, softmaxKlDivergence(student, teacher).loss, `${x}, ${y}`);
        expectWithin(0, backend.k.softmaxKlDivergence(student, student).loss, 0, `${x}, equal`);
      }
    }
  });

  it("keeps it where the temperature makes it larger, or where there are many such classes", () => {
    for (const [temperature, x, y] of [
      [10, -9e15, -1390],
      [1000, -9e16, -1.4e5],
      [1e6, -9e20, -1.4e8],
    ]) {
      for (const others of [1, 4, 1000].filter((n) => backend.affords(n))) {
        const student = new Float32Array(others + 1).fill(x, 1);
        const teacher = new Float32Array(others + 1).fill(y, 1);
        const { loss } = backend.k.softmaxKlDivergence(student, teacher, { temperature });
        const truth = softmaxKlDivergence(student, teacher, { temperature }).loss;
        expectWithin(4, loss, truth, `${others} at temperature ${temperature}`);
      }
    }
  });

  it("counts what the student gives a class to which the teacher gives less than float32 holds", () => {
    for (const length of [2, 5, 130, 3000].filter((n) => backend.affords(n))) {
      for (const y of [-110, -138, -139, -140, -143, -144, -150, -1000, -3e38, -Infinity]) {
        const teacher = normal(length, length, 0, 1);
        const student = teacher.slice();
        for (const x of [-100, -20, -3, 4]) {
          [student[1], teacher[1]] = [x, y];
          const truth = softmaxKlDivergence(student, teacher).loss;
          expectWithin(4, backend.k.softmaxKlDivergence(student, teacher).loss, truth, `length ${length}: ${x}, ${y}`);
        }
      }
    }
  });

  it("overflows where the true value does, and nowhere else", () => {
    const student = Float32Array.of(-3e38, 3e38);
    const teacher = Float32Array.of(0, 0);
    const { loss } = backend.k.softmaxKlDivergence(student, teacher);
    expectWithin(4, loss, softmaxKlDivergence(student, teacher).loss, "loss");
  });
});

describe("softmaxKlDivergence of resident rows", () => {
  const [simd, , js] = BACKENDS;
  const pool = new Threads("simd", new WebAssembly.Module(binaryOf("simd-shared")), 64 << 20, EAGER);
  let threaded: Xentropy;
  beforeAll(async () => {
    await pool.start(2, await spawner(WORKER));
    threaded = new Xentropy(pool.engine, 64 << 20, pool);
  });
  afterAll(() => threaded.dispose());

  /** Up to 65,536 classes keep their exponentials on one thread, up to 8192 on several. */
  it.each([8192, 8193, 65_536, 65_537])(
    "has the bits of js where exponentials are kept and where not: %i",
    (length) => {
      const shape = [7, length];
      const [x, y] = [normal(7 * length, 1, 0, 4), normal(7 * length, 2, 0, 4)];
      const options = { shape, grad: true, reduction: "none" } as const;
      const expected = js.k.softmaxKlDivergence(x, y, options);
      for (const k of [simd.k, threaded]) {
        const on = `on ${k.threads} threads`;
        const [student, teacher] = [k.alloc(shape).set(x), k.alloc(shape).set(y)];
        const apart = k.softmaxKlDivergence(student, teacher, options);
        expectSameBits(apart.loss, expected.loss, `loss, ${on}`);
        expectSameBits(apart.grad, expected.grad, `gradient, ${on}`);
        const { loss } = k.softmaxKlDivergence(student, teacher, { ...options, grad: student });
        expectSameBits(loss, expected.loss, `loss, in place, ${on}`);
        expectSameBits(student, expected.grad, `gradient, in place, ${on}`);
        expectSameBits(teacher, y, `teacher, ${on}`);
        student.free();
        teacher.free();
      }
    },
  );
});
