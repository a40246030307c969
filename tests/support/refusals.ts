import { expect } from "vitest";
import { type Xentropy, XentropyError } from "../../src/index.js";
import { expectSameBits } from "./ulp.js";

type ErrorClass = abstract new (...args: never) => XentropyError;

/** A call that must be refused. Whatever it passes on it hands to `watch` first. */
export type Refused = (k: Xentropy, watch: <T extends ArrayBufferView>(array: T) => T) => unknown;

const LOGITS = Float32Array.of(0.5, -1, 3, 2, 2, -7);

/** The calls that must still be right after a refusal. */
function probe(k: Xentropy): number[] {
  const { loss, grad } = k.softmaxCrossEntropy(LOGITS, [2, -100], { shape: [2, 3], grad: true });
  return [...k.softmax(LOGITS, { shape: [3, 2] }), loss, ...grad];
}

/**
 * Fails unless the call throws an error of the class with the code, has written nothing to any watched buffer, and leaves
 * the kernels as right and their memory as used as before.
 */
export function expectRefused(k: Xentropy, error: ErrorClass, code: string, call: Refused): XentropyError {
  const right = probe(k);
  const watched: { array: ArrayBufferView; before: Uint8Array }[] = [];
  const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
    new Uint8Array(buffer, byteOffset, byteLength);
  let used = k.memory.used;
  const watch = <T extends ArrayBufferView>(array: T): T => {
    watched.push({ array, before: bytesOf(array).slice() });
    used = k.memory.used;
    return array;
  };
  let thrown: unknown;
  try {
    const result = call(k, watch);
    expect.fail(`nothing was thrown; the call returned ${String(result)}`);
  } catch (caught) {
    if (!(caught instanceof Error) || caught.name === "AssertionError") throw caught;
    thrown = caught;
  }
  if (!(thrown instanceof error)) throw thrown;
  expect(thrown).toBeInstanceOf(XentropyError);
  expect(thrown.code).toBe(code);
  expect(thrown.name).toBe(error.name);
  expect(thrown.message).toMatch(/\w.*\.$/s);
  for (const { array, before } of watched) {
    expect(bytesOf(array).findIndex((byte, i) => byte !== before[i])).toBe(-1);
  }
  if (watched.length > 0) expect(k.memory.used).toBe(used);
  expectSameBits(probe(k), right, "the next calls");
  return thrown;
}

/** Floats to write to: filled, so that a write shows. */
export function filled(length: number): Float32Array {
  return new Float32Array(length).fill(42);
}

/** A buffer that can be resized: not among the language's types yet. */
interface Resizable extends ArrayBuffer {
  resize(bytes: number): void;
}

const Resizable = ArrayBuffer as unknown as new (bytes: number, options: { maxByteLength: number }) => Resizable;

/** An array whose buffer has shrunk to less than the array. */
export function outOfBounds<A>(Numbers: new (buffer: ArrayBuffer, start: number, length: number) => A): A {
  const buffer = new Resizable(64, { maxByteLength: 64 });
  const array = new Numbers(buffer, 8, 6);
  buffer.resize(8);
  return array;
}

/** A float array whose buffer was transferred away. */
export function detached(length: number): Float32Array {
  const array = new Float32Array(length);
  structuredClone(array, { transfer: [array.buffer] });
  return array;
}

/** An array of so many zeros whose class says another length. */
export function saying<A extends Float32Array | Int32Array>(says: number, View: new (n: number) => A, n: number): A {
  const Base = View as new (n: number) => Float32Array;
  class Saying extends Base {
    override get length(): number {
      return says;
    }
  }
  return new Saying(n) as A;
}
