// What is seen of training: a line for every epoch that is done, and on a terminal a bar under them that fills up.

import { SingleBar } from "cli-progress";
import { grouped } from "../../bench/table.js";

export interface Epoch {
  readonly epoch: number;
  readonly loss: number;
  readonly accuracy: number;
  readonly seconds: number;
}

const BAR = {
  format: "  {bar}  {done} of {all} digits seen",
  barCompleteChar: "█",
  barIncompleteChar: "░",
  barsize: 36,
  fps: 20,
  hideCursor: true,
  clearOnComplete: true,
  stream: process.stdout,
};

export class Progress {
  readonly #epochs: number;
  readonly #digits: number;
  readonly #bar = process.stdout.isTTY ? new SingleBar(BAR) : undefined;

  /** For so many epochs of so many digits. */
  constructor(epochs: number, digits: number) {
    this.#epochs = epochs;
    this.#digits = digits;
  }

  /** At the start of an epoch, counted from 1. */
  start(epoch: number): void {
    const all = this.#epochs * this.#digits;
    const done = (epoch - 1) * this.#digits;
    this.#bar?.start(all, done, { done: grouped(done), all: grouped(all) });
  }

  /** When so many digits of an epoch have been seen. */
  update(epoch: number, digits: number): void {
    const done = (epoch - 1) * this.#digits + digits;
    this.#bar?.update(done, { done: grouped(done) });
  }

  finish({ epoch, loss, accuracy, seconds }: Epoch): void {
    this.#bar?.stop();
    const number = String(epoch).padStart(String(this.#epochs).length);
    console.log(
      `  epoch ${number} of ${this.#epochs}   training loss ${loss.toFixed(4)}   ` +
        `test accuracy ${(100 * accuracy).toFixed(2)} %   ${seconds.toFixed(2)} s`,
    );
  }
}
