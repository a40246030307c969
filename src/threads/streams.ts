import type { Streams } from "../tiles.js";
import type { Workspace } from "../workspace.js";
import type { Feed, Job } from "./job.js";

/**
 * Foreign arrays on their way through the staging tiles. Instead of copying a tile in, computing it and copying it out,
 * the copies are left to the jobs on the tile: the caller, who alone can make them, copies share by share, and workers
 * compute the shares that are there.
 */

/** A run of floats between an array and a tile. It is copied in order; `done` floats are. */
interface Stream {
  readonly array: Float32Array;
  /** Index of the run's first float in the array. */
  readonly offset: number;
  /** Its address in the tile. */
  readonly address: number;
  readonly length: number;
  done: number;
}

/** How the job at hand goes along a stream: from which float on, and how many for each unit. */
interface Course {
  readonly stream: Stream;
  readonly from: number;
  readonly step: number;
}

export class SharedStreams implements Streams, Feed {
  readonly #work: Workspace;
  readonly #threads: { readonly count: number };
  /** Whether any input may not be there yet. */
  pending = false;
  #inputs: Stream[] = [];
  #outputs: Stream[] = [];
  readonly #in: Course[] = [];
  readonly #out: Course[] = [];
  #job: Job | undefined;

  constructor(work: Workspace, threads: { readonly count: number }) {
    this.#work = work;
    this.#threads = threads;
  }

  get few(): number {
    return 2 * this.#threads.count;
  }

  clear(): void {
    this.#forget();
    if (this.#outputs.length > 0) this.#outputs = [];
  }

  input(array: Float32Array, offset: number, length: number, address: number): void {
    this.#inputs = this.#inputs.filter((stream) => !overlaps(stream, address, length));
    this.#inputs.push({ array, offset, address, length, done: 0 });
    this.pending = true;
  }

  output(array: Float32Array, offset: number, length: number, address: number): void {
    this.#outputs = this.#outputs.filter((stream) => !overlaps(stream, address, length));
    this.#outputs.push({ array, offset, address, length, done: 0 });
  }

  finish(address: number): boolean {
    const stream = this.#outputs.find((output) => output.address === address);
    if (!stream) return false;
    this.#copyOut(stream, stream.length);
    this.#outputs = this.#outputs.filter((output) => output !== stream);
    return true;
  }

  /** Whether anything is on its way. */
  get active(): boolean {
    return this.pending || this.#outputs.length > 0;
  }

  /** Copies what is not there yet of every input: somebody reads it who doesn't go by shares. */
  settle(): void {
    for (const stream of this.#inputs) this.#copyIn(stream, stream.length);
    this.#forget();
  }

  #forget(): void {
    if (this.#inputs.length > 0) this.#inputs = [];
    this.pending = false;
  }

  rewrite(address: number): void {
    const stream = find(this.#outputs, address);
    const i = stream ? (address - stream.address) >>> 2 : 0;
    if (stream && i < stream.done) stream.array[stream.offset + i] = this.#work.arena.f32[address >>> 2];
  }

  /** Begins with a job's arguments. Inputs that are there are like other floats: a kernel may have changed them in place. */
  begin(job: Job): void {
    this.#inputs = this.#inputs.filter((stream) => stream.done < stream.length);
    this.#job = job;
    this.#in.length = 0;
    this.#out.length = 0;
  }

  /** The job reads from an address on, so many bytes a unit; whether that comes from an array. */
  reads(address: number, step: number): boolean {
    const stream = find(this.#inputs, address);
    if (stream) this.#in.push(courseOf(stream, address, step));
    return stream !== undefined;
  }

  /** The job leaves results from an address on. */
  writes(address: number, step: number): void {
    const stream = find(this.#outputs, address);
    const course = stream && courseOf(stream, address, step);
    if (course && course.stream.done >= course.from) this.#out.push(course);
  }

  /** What is to be copied along with the job, if anything is. Inputs that are no part of it are copied now. */
  get feed(): Feed | undefined {
    const rest = this.#inputs.filter((stream) => !this.#in.some((course) => course.stream === stream));
    for (const stream of rest) this.#copyIn(stream, stream.length);
    return this.#in.length > 0 || this.#out.length > 0 ? this : undefined;
  }

  get hasInput(): boolean {
    return this.#in.length > 0;
  }

  get hasOutput(): boolean {
    return this.#out.length > 0;
  }

  stage(share: number): void {
    for (const course of this.#in) this.#copyIn(course.stream, this.#end(course, share));
  }

  drain(share: number): void {
    for (const course of this.#out) this.#copyOut(course.stream, this.#end(course, share));
  }

  restore(share: number): void {
    for (const course of this.#in) {
      const { array, offset, address } = course.stream;
      const from = share === 0 ? course.from : this.#end(course, share - 1);
      this.#work.copyIn(array, offset + from, this.#end(course, share) - from, address + from * 4);
    }
  }

  /** The float of the stream at which a share ends. */
  #end({ stream, from, step }: Course, share: number): number {
    const { unit, calls, total } = this.#job as Job;
    return Math.min(stream.length, from + Math.ceil(step * Math.min(total, (share + 1) * unit * calls)));
  }

  #copyIn(stream: Stream, to: number): void {
    const { array, offset, address, done } = stream;
    if (to <= done) return;
    this.#work.copyIn(array, offset + done, to - done, address + done * 4);
    stream.done = to;
  }

  #copyOut(stream: Stream, to: number): void {
    const { array, offset, address, done } = stream;
    if (to <= done) return;
    this.#work.copyOut(address + done * 4, to - done, array, offset + done);
    stream.done = to;
  }
}

/** Whether a stream is of what a tile held before: tiles begin 4 bytes further where arrays are at an odd index. */
function overlaps(stream: Stream, address: number, length: number): boolean {
  return stream.address < address + length * 4 && address < stream.address + stream.length * 4;
}

function find(streams: readonly Stream[], address: number): Stream | undefined {
  for (const stream of streams) {
    if (address >= stream.address && address < stream.address + stream.length * 4) return stream;
  }
  return undefined;
}

function courseOf(stream: Stream, address: number, step: number): Course {
  return { stream, from: (address - stream.address) / 4, step: step / 4 };
}
