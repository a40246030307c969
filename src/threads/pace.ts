/** When work is shared. Times that a kernel takes are estimates in nanoseconds on one thread. */
export interface PaceSettings {
  /** Work that is worth sharing with workers that are awake, and work that is worth waking them for. */
  readonly worthSharing: number;
  readonly worthWaking: number;
  /** Work of a share. */
  readonly share: number;
  /** Milliseconds that a worker looks for the next job before it sleeps. */
  readonly spin: number;
  /** Milliseconds that a job may take longer than it would alone before the machine is taken for busy. */
  readonly patience: number;
}

/** Milliseconds that the caller works alone at most before it tries the workers again. */
const LONGEST_PAUSE = 100;

/** Decides which work is shared: what is large enough, unless sharing has just shown to be of no use. */
export class Pace {
  readonly #settings: PaceSettings;
  /** Work that went by without the workers, who slept, and when it last did. */
  #missed = 0;
  #missedAt = 0;
  /** Until when the caller works alone, and how long that was last time. */
  #aloneUntil = 0;
  #pause = 0;
  /** When the job at hand began, and how long the caller's fastest share of it took. */
  #began = 0;
  #fastest = Infinity;

  constructor(settings: PaceSettings) {
    this.#settings = settings;
  }

  /** Whether work that is worth sharing is to be shared now. */
  worth(work: number, awake: boolean): boolean {
    if (this.#pause > 0 && performance.now() < this.#aloneUntil) return false;
    return awake || work >= this.#settings.worthWaking || this.#addsUp(work);
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

  /** Runs a share of the caller's. */
  time(run: () => void): void {
    const start = performance.now();
    run();
    this.#fastest = Math.min(this.#fastest, performance.now() - start);
  }

  /**
   * A job of so many shares is done. Where there is no free processor for them, workers keep the caller waiting, or take its
   * own from it. The job then took longer than the caller alone would have needed, going by the fastest of its shares, and
   * twice that with copies: it works alone for a while, twice as long each time that this happens again.
   */
  end(shares: number, copies: boolean): void {
    const now = performance.now();
    const alone = this.#fastest * shares * (copies ? 2 : 1);
    if (now - this.#began > 1.25 * alone + this.#settings.patience) {
      this.#pause = Math.min(LONGEST_PAUSE, 2 * this.#pause || 1);
      this.#aloneUntil = now + this.#pause;
    } else {
      this.#pause = this.#pause > 1 ? this.#pause / 2 : 0;
    }
  }
}
