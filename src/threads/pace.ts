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

/** Milliseconds that the caller works alone at most before it tries the workers again. */
const LONGEST_PAUSE = 1000;

/** Milliseconds gained that are remembered: so much may be lost before the caller works alone. */
const MOST_GAINED = 5;

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

  constructor(settings: PaceSettings) {
    this.#settings = settings;
  }

  /** Whether work that is worth sharing is to be shared now. */
  worth(work: number, awake: boolean): boolean {
    if (this.#aloneUntil > 0 && this.#isAlone()) return false;
    return awake || work >= this.#settings.worthWaking || this.#addsUp(work);
  }

  #isAlone(): boolean {
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
   * A job of so many shares is done. Where there is no free processor for them, workers keep the caller waiting, or take its
   * own from it. The job then took longer than the caller alone would have needed, going by the fastest of its shares, and
   * twice that with copies. What is gained and lost is kept account of: where losses prevail the caller works alone ten
   * times as long as it has lost, so that it never loses much.
   */
  end(shares: number, copies: boolean): void {
    if (this.#fastest === Infinity) return;
    const now = performance.now();
    const alone = this.#fastest * shares * (copies ? 2 : 1);
    this.#gained = Math.min(MOST_GAINED, this.#gained + alone - (now - this.#began));
    if (this.#gained > -this.#settings.patience) return;
    this.#aloneUntil = now + Math.min(LONGEST_PAUSE, -10 * this.#gained);
    this.#gained = 0;
  }
}
