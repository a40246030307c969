import { copyFileSync, mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";

interface Example {
  readonly default: { fetch(request: Request): Promise<Response> };
}

// The example is a package of its own. Inside this one it imports the built xentropy by its name.
mkdirSync("build/docs", { recursive: true });
const path = resolve("build/docs/worker-example.js");
copyFileSync("examples/worker/worker.js", path);
const { default: example } = (await import(pathToFileURL(path).href)) as Example;

const ask = (body: string) => example.fetch(new Request("http://localhost/", { method: "POST", body }));

describe("examples/worker", () => {
  it("answers with the top classes and their probabilities", async () => {
    const answer = await ask('{"logits": [1.5, 4.2, -0.3, 0.8], "top": 2}');
    expect(answer.status).toBe(200);
    const { confidence, classes } = (await answer.json()) as { confidence: number; classes: { label: number }[] };
    expect(confidence).toBeCloseTo(0.8995, 4);
    expect(classes.map(({ label }) => label)).toEqual([1, 0]);
  });

  it.each([
    '{"logits": []}',
    '{"logits": ["a"]}',
    '{"logits": [1, null]}',
    '{"logits": [1, 1e999]}',
    '{"logits": [1e39, 0]}',
    '{"logits": "12"}',
    '{"logits": {"length": 2}}',
    "{}",
    "null",
    "nonsense",
  ])("refuses %s", async (body) => {
    const answer = await ask(body);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual({ error: "BAD_REQUEST" });
  });

  it("names the error of the kernels", async () => {
    const answer = await ask('{"logits": [1, 2], "top": -1}');
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual({ error: "OPTION" });
  });

  it("takes POST alone", async () => {
    expect((await example.fetch(new Request("http://localhost/"))).status).toBe(405);
  });
});
