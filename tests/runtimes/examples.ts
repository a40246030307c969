import { readFileSync } from "node:fs";
import { documentOf } from "./browsers.js";
import { buildViteExample } from "./bundlers.js";
import { deno, nodeOf, run, WORKERD, withWorker } from "./engines.js";
import { APP, ROOT } from "./folders.js";

/** The examples, run as they are but for the package, which is the packed one. Each says what it must show. */

export interface Example {
  readonly name: string;
  /** The runtime it is for. */
  readonly runtime: string;
  run(): Promise<string>;
}

function expectText(output: string, pattern: RegExp): string {
  const found = pattern.exec(output);
  if (!found) throw new Error(`${pattern} is not in: ${output.trim().slice(-1500)}`);
  return found[0].trim();
}

async function node(): Promise<string> {
  const output = await run(nodeOf(24), ["index.js"], `${APP}/examples/node`);
  return expectText(output, /backend simd, loss 0\.6\d+\nafter a step, loss 0\.5\d+/).replace("\n", "; ");
}

async function browser(): Promise<string> {
  return expectText(await documentOf("/examples/browser/index.html"), /softmax on simd: 0\.6652 0\.2447 0\.0900/);
}

async function vite(): Promise<string> {
  const folder = await buildViteExample();
  return expectText(await documentOf(`/${folder}/index.html`), /top classes on simd: class 1 0\.\d+, class 3 0\.\d+/);
}

async function worker(): Promise<string> {
  const post = (url: string, body: string) => fetch(url, { method: "POST", body });
  return withWorker("examples/worker/worker.js", "bundles/worker-example", WORKERD, async (url) => {
    const request = '{"logits": [1.5, 4.2, -0.3, 0.8], "top": 2}';
    const answer = (await (await post(url, request)).json()) as Record<string, unknown>;
    expectText(JSON.stringify(answer), /"backend":"simd","confidence":0\.89.*"classes":\[\{"label":1,.*\{"label":0,/);
    expectText(await (await post(url, '{"logits": [1, 2], "top": -1}')).text(), /"error":"OPTION"/);
    return `confidence ${(answer.confidence as number).toFixed(3)}; a bad request is refused`;
  });
}

async function denoExample(): Promise<string> {
  const args = ["run", "--no-remote", "--no-config", "--node-modules-dir=manual", "main.ts"];
  return expectText(await run(deno(), args, `${APP}/examples/deno`), /backend simd, D_KL\(p ‖ q\) = 0\.\d{6} nats/);
}

/** The README's first program, as it stands there. */
async function readme(): Promise<string> {
  const program = /```ts\n(import \{ load \} from "xentropy";[\s\S]*?)```/.exec(
    readFileSync(`${ROOT}README.md`, "utf8"),
  );
  if (!program) throw new Error("the README has no such program");
  const args = ["--input-type=module", "--eval", `${program[1]}\nconsole.log(loss, grad.length);`];
  return expectText(await run(nodeOf(20), args), /^0\.\d+ 6$/m);
}

export const EXAMPLES: readonly Example[] = [
  { name: "examples/node", runtime: "Node 24", run: node },
  { name: "examples/browser", runtime: "Chromium", run: browser },
  { name: "examples/vite", runtime: "Chromium", run: vite },
  { name: "examples/worker", runtime: "workerd", run: worker },
  { name: "examples/deno", runtime: "Deno", run: denoExample },
  { name: "README.md", runtime: "Node 20", run: readme },
];
