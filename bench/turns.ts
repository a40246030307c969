// Turns across processes. Engines that are compared run at the same time, but only one of them works: before each round it
// asks for its turn, which lasts until it asks for the next. A phase in which the machine is slow, longer than a lap, meets
// every engine in the same round of the same case; a shorter one spoils a few laps of many.

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** Who is whose turn: laps of all members, each lap begun by another. */
export class Turns {
  readonly #members: Set<string>;
  readonly #waiting = new Map<string, () => void>();
  #lap: string[] = [];
  #laps = 0;
  /** Whoever has the turn, or is awaited to take it. */
  #next: string | undefined;
  #taken = false;
  #begun = false;

  constructor(members: readonly string[]) {
    this.#members = new Set(members);
  }

  /** Ends the member's turn, if it has it, and resolves when it has the next. The first waits until all have asked. */
  take(member: string): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.set(member, resolve);
      if (member === this.#next && this.#taken) this.#pass();
      else this.#grant();
    });
  }

  /** Takes the member out of all further laps. */
  leave(member: string): void {
    this.#members.delete(member);
    this.#waiting.delete(member);
    if (member === this.#next) this.#pass();
    else this.#grant();
  }

  #pass(): void {
    this.#taken = false;
    this.#next = this.#following();
    this.#grant();
  }

  #following(): string | undefined {
    this.#lap = this.#lap.filter((member) => this.#members.has(member));
    if (this.#lap.length === 0) {
      const members = [...this.#members];
      const first = members.length > 0 ? this.#laps++ % members.length : 0;
      this.#lap = [...members.slice(first), ...members.slice(0, first)];
    }
    return this.#lap.shift();
  }

  #grant(): void {
    if (!this.#begun && this.#waiting.size < this.#members.size) return;
    this.#begun = true;
    this.#next ??= this.#following();
    const resolve = this.#next === undefined ? undefined : this.#waiting.get(this.#next);
    if (this.#taken || !resolve) return;
    this.#waiting.delete(this.#next as string);
    this.#taken = true;
    resolve();
  }
}

export interface TurnServer {
  /** What a member is to fetch before each of its rounds. */
  readonly address: (member: string) => string;
  readonly close: () => void;
}

/** Hands out turns on the loopback interface: pages and processes alike can ask there. */
export async function serveTurns(turns: Turns): Promise<TurnServer> {
  const server: Server = createServer(async (request, response) => {
    await turns.take(decodeURIComponent((request.url ?? "/").slice(1)));
    response.writeHead(204, { "Access-Control-Allow-Origin": "*" }).end();
  });
  // A connection that rests while the others have their turns is to be there for the next.
  server.keepAliveTimeout = 0;
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  return {
    address: (member) => `http://127.0.0.1:${port}/${encodeURIComponent(member)}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
