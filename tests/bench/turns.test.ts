import { expect, it } from "vitest";
import { joinVisits } from "../../bench/gaps.js";
import type { RunRecord } from "../../bench/record.js";
import { serveTurns, Turns } from "../../bench/turns.js";

/** Takes `rounds` turns, each of which lasts a while, and leaves. */
async function work(turns: Turns, member: string, rounds: number, log: string[]): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    await turns.take(member);
    log.push(`${member} begins`);
    await new Promise((later) => setTimeout(later, 1));
    log.push(`${member} ends`);
  }
  turns.leave(member);
}

it("members take turns in laps, each begun by another, and nobody works in another's turn", async () => {
  const turns = new Turns(["a", "b", "c"]);
  const log: string[] = [];
  await Promise.all(["c", "a", "b"].map((member) => work(turns, member, 3, log)));
  const begun = [..."abc", ..."bca", ..."cab"];
  expect(log).toEqual(begun.flatMap((member) => [`${member} begins`, `${member} ends`]));
});

it("nobody begins before all have asked", async () => {
  const turns = new Turns(["a", "b"]);
  let begun = false;
  const first = turns.take("a").then(() => {
    begun = true;
  });
  await new Promise((later) => setTimeout(later, 5));
  expect(begun).toBe(false);
  turns.take("b");
  await first;
});

it("who leaves is waited for no longer: before the start, in its turn, or between", async () => {
  const turns = new Turns(["a", "b", "c"]);
  const log: string[] = [];
  turns.leave("c");
  await Promise.all([work(turns, "a", 3, log), work(turns, "b", 1, log)]);
  expect(log.filter((entry) => entry.endsWith("begins"))).toEqual(["a begins", "b begins", "a begins", "a begins"]);
});

it("turns are handed out at an address", async () => {
  const turns = new Turns(["Node 26", "b"]);
  const server = await serveTurns(turns);
  const answer = fetch(server.address("Node 26"));
  turns.leave("b");
  expect((await answer).status).toBe(204);
  server.close();
});

it("visits of an engine are joined round behind round", () => {
  const visit = (engine: string, rounds: number[]) =>
    ({
      machine: { engine },
      effort: { rounds: rounds.length },
      results: [{ operation: "softmax", timings: [{ name: "simd", placement: "resident", ns: 0, rounds }] }],
    }) as unknown as RunRecord;
  const joined = joinVisits([visit("Bun", [1, 3]), visit("Deno", [4]), visit("Bun", [5])]);
  expect(joined.map(({ machine }) => machine.engine)).toEqual(["Bun", "Deno"]);
  expect(joined[0].effort.rounds).toBe(3);
  expect(joined[0].results[0].timings[0]).toMatchObject({ rounds: [1, 3, 5], ns: 3 });
});
