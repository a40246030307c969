/** When work is shared. Times that a kernel takes are estimates in nanoseconds on one thread. */
export interface PaceSettings {
  /** Work that is worth sharing with workers that are awake, and work that is worth waking them for. */
  readonly worthSharing: number;
  readonly worthWaking: number;
  /** Work of a share, and of one that goes along with copies. */
  readonly share: number;
  readonly copiedShare: number;
  /** Milliseconds that a worker looks for the next job before it sleeps. */
  readonly spin: number;
  /** Milliseconds that jobs may take longer than they would alone before the machine is taken for busy. */
  readonly patience: number;
}

/** How many times as long as it has lost the caller works alone, and how many milliseconds at most. */
const PAUSE = 10;
const LONGEST_PAUSE = 1000;

/** Milliseconds gained that are remembered: so much may be lost before the caller works alone. */
const MOST_GAINED = 5;

/** What part of the time of copies to and from shared memory others take: measured, a sixth to two thirds. */
const PLAIN_COPY = 0.4;

/** Decides which work is shared: what is large enough, unless sharing has just shown to be of no use. */
export class Pace {
  readonly #settings: PaceSettings;
  /** Work that went by without the workers, who slept, and when it last did. */
  #missed = 0;
  #missedAt = 0;
  /** Until when the caller works alone. */
  #aloneUntil = 0;
  /** When the job at hand began, and how long a share of it took the caller at its fastest. */
  #began = 0;
  #fastest = Infinity;
  /** Milliseconds gained by sharing, of late. */
  #gained = 0;
  /** How many times as long as it has lost the caller works alone next. */
  #pause = PAUSE;

  constructor(settings: PaceSettings) {
    this.#settings = settings;
  }

  /** Whether work that is worth sharing is to be shared now. */
  worth(work: number, awake: boolean): boolean {
    if (this.alone) return false;
    return awake || work >= this.#settings.worthWaking || this.#addsUp(work);
  }

  /** Whether the caller works alone, as sharing has been of no use. */
  get alone(): boolean {
    if (this.#aloneUntil === 0) return false;
    if (performance.now() < this.#aloneUntil) return true;
    this.#aloneUntil = 0;
    return false;
  }

  /** Whether work that went by, one piece right after the other, is worth waking the workers. */
  #addsUp(work: number): boolean {
    const now = performance.now();
    if (now - this.#missedAt > 2 * this.#settings.spin) this.#missed = 0;
    this.#missedAt = now;
    this.#missed += work;
    return this.#missed >= 2 * this.#settings.worthWaking;
  }

  /** A job begins. */
  begin(): void {
    this.#missed = 0;
    this.#fastest = Infinity;
    this.#began = performance.now();
  }

  /** Some shares took the caller so many milliseconds. */
  took(milliseconds: number, shares: number): void {
    this.#fastest = Math.min(this.#fastest, milliseconds / shares);
  }

  /**
   * A job of so many shares is done, with copies that took the caller so many milliseconds. Where there is no free processor
   * for them, workers keep the caller waiting, or take its own from it, and where they sleep they may come too late. The job
   * then took longer than the caller alone would have needed, going by the fastest of its shares, and by copies to memory that
   * nobody shares. What is gained and lost is kept account of: where losses prevail the caller works alone ten times as long
   * as it has lost, and twice as long after each try that has gained nothing, so that it never loses much.
   */
  end(shares: number, copying: number): void {
    if (this.#fastest === Infinity) return;
    const now = performance.now();
    const alone = this.#fastest * shares + copying * PLAIN_COPY;
    this.#gained = Math.min(MOST_GAINED, this.#gained + alone - (now - this.#began));
    const { patience } = this.#settings;
    if (this.#gained >= patience) this.#pause = PAUSE;
    if (this.#gained > -patience) return;
    this.#aloneUntil = now + Math.min(LONGEST_PAUSE, -this.#gained * this.#pause);
    this.#pause *= 2;
    this.#gained = 0;
  }
}
