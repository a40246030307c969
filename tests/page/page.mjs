// npm run test:page: builds the page and uses it in headless Chromium as a visitor would: with a mouse, with the keyboard
// alone, on a phone's width, in dark and light. Prints "ok" or "failed" for each check; exit code 1 if one failed.
//
//   --screenshots FOLDER   also writes pictures of every part in each look
//
// Without Chromium, which CHROMIUM may name, it says so and tests nothing.

import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { build } from "vite";
import { CHROMIUM_FLAGS, findBrowser } from "../../build/programs/tools/support/browsers.js";
import { serve } from "./serve.mjs";

const { screenshots } = parseArgs({ options: { screenshots: { type: "string" } } }).values;
const executablePath = findBrowser("Chromium");
const SIZES = { desktop: { width: 1280, height: 900 }, phone: { width: 360, height: 740 } };

let passed = 0;
let failed = 0;

/** Runs a check and says how it went. */
async function check(what, run) {
  try {
    await run();
    passed++;
    console.log(`ok      ${what}`);
  } catch (error) {
    failed++;
    console.log(`failed  ${what}: ${error.message.split("\n")[0]}`);
  }
}

function equal(actual, expected) {
  const [a, b] = [actual, expected].map((value) => JSON.stringify(value));
  if (a !== b) throw new Error(`${a}, expected ${b}`);
}

function requireThat(condition, what) {
  if (!condition) throw new Error(what);
}

/** The number that an element shows. */
async function number(page, selector) {
  return Number.parseFloat((await page.textContent(selector)).replace("−", "-").replace("∞", "Infinity"));
}

/** Moves a slider, as its keys would. */
async function slide(page, selector, value) {
  await page.fill(selector, String(value));
}

/** Clicks one of a group of radio buttons: the label, for the input itself isn't seen. */
async function choose(page, name, value) {
  const input = `input[name="${name}"][value="${value}"]`;
  await page.click(`label:has(${input})`);
  equal(await page.isChecked(input), true);
}

async function benchChecks(page) {
  await check("bench: measures every size, wasm ahead on long rows, and says on which backend", async () => {
    await page.waitForFunction(
      () => document.querySelector("#bench-status").textContent.startsWith("Done"),
      undefined,
      {
        timeout: 90_000,
      },
    );
    equal(await page.locator("#bench-rows .measured").count(), 9);
    requireThat((await number(page, "#bench-best")) > 1, "wasm is nowhere faster");
    equal(await page.textContent("#backend"), "Running on wasm (simd).");
    requireThat((await page.textContent("#bench-backend")).includes("has WebAssembly SIMD"), "no reason given");
  });
  await check("bench: another operation is chosen by keyboard and measured at once", async () => {
    await page.focus('input[name="bench-operation"]:checked');
    await page.keyboard.press("ArrowRight");
    equal(await page.isChecked('input[value="softmax"]'), true);
    await page.waitForFunction(() => document.querySelectorAll("#bench-rows .measured").length === 1);
  });
  await check("bench: what stands below doesn't move while it measures", async () => {
    const top = () => page.evaluate(() => document.querySelector("#learn").getBoundingClientRect().top + scrollY);
    const before = await top();
    await page.waitForFunction(() => document.querySelectorAll("#bench-rows .measured").length === 9);
    equal(await top(), before);
  });
}

/**
 * Presses the button until it says what it should: training may come to its end by itself in the moment before a press,
 * which then begins it anew.
 */
async function setTraining(page, on) {
  const wanted = on ? "Pause" : "Train";
  while ((await page.textContent("#learn-train")) !== wanted) await page.click("#learn-train");
}

async function learnChecks(page) {
  const accuracy = () => number(page, "#learn-percent");
  await check("learn: recognises more than 88 % of the test digits, and shows digits that it misreads", async () => {
    await page.locator("#learn-train:not([disabled])").waitFor();
    await page.focus("#learn-train");
    await page.keyboard.press("Enter");
    await page.waitForFunction(
      () => Number.parseFloat(document.querySelector("#learn-percent").textContent) > 88,
      undefined,
      {
        timeout: 90_000,
      },
    );
    requireThat((await page.locator(".misread canvas").count()) > 0, "no misread digits");
  });
  await check("learn: changes to JavaScript while it learns, and shows the samples a second of both", async () => {
    await choose(page, "learn-engine", "javascript");
    await setTraining(page, true);
    await page.waitForFunction(() => document.querySelector("#rate-javascript").textContent !== "–");
    requireThat((await page.textContent("#rate-wasm")) !== "–", "no figure for wasm");
  });
  await check("learn: pauses, and starts over", async () => {
    await setTraining(page, true);
    await page.waitForFunction(() => Number.parseFloat(document.querySelector("#learn-percent").textContent) > 85);
    await setTraining(page, false);
    requireThat((await accuracy()) > 85, "it forgot");
    await page.click("#learn-reset");
    equal(await page.textContent("#learn-percent"), "–");
  });
}

async function whyChecks(page) {
  await check("softmax: equal logits give 1/4 each, loss log 4, and p − y", async () => {
    for (const name of ["cat", "dog", "owl", "fox"]) await slide(page, `[aria-label="logit of ${name}"]`, 0);
    equal(await page.locator("#softmax-p output").allTextContents(), ["0.250", "0.250", "0.250", "0.250"]);
    equal(await page.locator("#softmax-gradient output").allTextContents(), ["0.250", "−0.750", "0.250", "0.250"]);
    equal(await page.textContent("#softmax-loss"), "1.386");
  });
  await check("softmax: a slider answers to the arrow keys", async () => {
    await page.focus('[aria-label="logit of dog"]');
    await page.keyboard.press("ArrowRight");
    requireThat((await number(page, "#softmax-loss")) < 1.386, "the loss stayed");
  });
  await check(
    "sigmoid: confidently wrong, squared error's gradient to z vanishes and cross-entropy's is −1",
    async () => {
      await slide(page, "#sigmoid-z", -10);
      requireThat(Math.abs(await number(page, "#squared-to-z")) < 1e-3, "squared error still learns");
      requireThat((await number(page, "#entropy-to-z")) < -0.999, "cross-entropy doesn't learn");
      requireThat(Math.abs(await number(page, "#squared-to-y")) <= 2, "squared error's gradient to ŷ passed 2");
      requireThat((await number(page, "#entropy-to-y")) < -20_000, "cross-entropy's gradient to ŷ is bounded");
    },
  );
  await check("entropy: H(P) + D(P‖Q) = H(P, Q), in nats and in bits", async () => {
    for (const unit of ["nats", "bits"]) {
      await choose(page, "entropy-unit", unit);
      const [h, kl, cross] = await Promise.all(["h", "kl", "cross"].map((id) => number(page, `#entropy-${id}`)));
      requireThat(Math.abs(h + kl - cross) < 0.0016, `${h} + ${kl} ≠ ${cross}`);
    }
  });
  await check("entropy: drawn by pointer, and by keyboard to a divergence of ∞", async () => {
    const before = await page.textContent("#entropy-cross");
    await page.locator("#draw-q").scrollIntoViewIfNeeded();
    const { x, y, width, height } = await page.locator("#draw-q").boundingBox();
    await page.mouse.move(x + 5, y + height * 0.2);
    await page.mouse.down();
    await page.mouse.move(x + width - 5, y + height * 0.5, { steps: 12 });
    await page.mouse.up();
    requireThat((await page.textContent("#entropy-cross")) !== before, "drawing changed nothing");
    await page.focus("#draw-q .draw-bar:nth-child(4)");
    await page.keyboard.press("Home");
    equal(await page.textContent("#entropy-kl"), "∞ bits");
    await page.click("#entropy-same");
    equal(await page.textContent("#entropy-kl"), "0.000 bits");
  });
}

/** What holds in every look. */
async function lookChecks(page, look) {
  await check(`${look}: nothing is wider than the window`, async () => {
    const { scrollWidth, clientWidth } = await page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      return { scrollWidth, clientWidth };
    });
    equal(scrollWidth, clientWidth);
  });
  await check(`${look}: what can be pressed is at least 40 pixels high`, async () => {
    const heights = await page.$$eval("button, .choices label", (all) =>
      all.map((e) => e.getBoundingClientRect().height),
    );
    requireThat(Math.min(...heights) >= 40, `one is ${Math.min(...heights)}`);
  });
}

async function visit(browser, address, size, colorScheme, use, before = () => {}) {
  // Without smooth scrolling, which moves what a pointer aims at.
  const reducedMotion = "reduce";
  const context = await browser.newContext({ viewport: SIZES[size], colorScheme, reducedMotion, deviceScaleFactor: 1 });
  await context.addInitScript(before);
  const page = await context.newPage();
  const problems = [];
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(address) && !/^(data|blob):/.test(url)) problems.push(`asked for ${url}`);
  });
  await page.goto(address);
  await page.waitForSelector("html[data-ready]");
  await use(page);
  await check(`${size}, ${colorScheme}: no error, and nothing asked for from elsewhere`, () => equal(problems, []));
  await context.close();
}

/** Waits until everything is measured and learned, half of it by each engine. */
async function settled(page) {
  await page.waitForFunction(
    () => Number.parseInt(document.querySelector("#learn-status").textContent.slice(6), 10) > 5,
  );
  await choose(page, "learn-engine", "javascript");
  for (const id of ["learn-status", "bench-status"]) {
    await page.waitForFunction((id) => document.getElementById(id).textContent.startsWith("Done"), id);
  }
}

/** Where the main thread has no WebAssembly, as under a policy that forbids it. */
async function withoutWebAssembly(page) {
  await check("without WebAssembly it runs on js, and says why", async () => {
    equal(await page.textContent("#backend"), "Running on js.");
    requireThat(
      /^Backend js, not simd: .*can't be had/.test(await page.textContent("#bench-backend")),
      "no reason given",
    );
    for (const name of ["cat", "dog", "owl", "fox"]) await slide(page, `[aria-label="logit of ${name}"]`, 0);
    equal(await page.textContent("#softmax-loss"), "1.386");
  });
}

/** Asks the benchmark for an operation that there is none of. */
async function failingBench(page) {
  await check("bench: says why it failed, and can be run again", async () => {
    await page.$eval('input[value="softmax"]', (input) => (input.value = "softmix"));
    await choose(page, "bench-operation", "softmix");
    await page.waitForFunction(() => document.querySelector("#bench-status").textContent.startsWith("It failed"));
    equal(await page.textContent("#bench-status"), "It failed: Error: There is no operation softmix.");
    requireThat(await page.isEnabled("#bench-run"), "it can't be run again");
  });
}

/** The workers' scripts can't be had: deployed in part, say. */
async function withoutWorkers(browser, address) {
  const page = await browser.newPage();
  await page.route(/worker/, (route) => route.abort());
  await page.goto(address);
  await page.waitForSelector("html[data-ready]");
  for (const [part, ready] of [
    ["bench", "#bench-run"],
    ["learn", undefined],
  ]) {
    await check(`${part}: says so where its worker's script can't be loaded`, async () => {
      const status = `#${part}-status`;
      await page.waitForFunction((id) => document.querySelector(id).textContent.startsWith("It failed"), status);
      equal(await page.textContent(status), "It failed: its worker's script could not be loaded.");
      requireThat(!ready || (await page.isEnabled(ready)), "it can't be run again");
    });
  }
  await page.close();
}

async function picture(page, name) {
  if (!screenshots) return;
  mkdirSync(screenshots, { recursive: true });
  await page.evaluate(() => window.scrollTo(0, 0));
  await page.screenshot({ path: `${screenshots}/${name}.png`, fullPage: true });
}

async function main() {
  if (executablePath === undefined) {
    console.log("skipped: Chromium is not installed; set CHROMIUM to its file if it is.");
    return;
  }
  await build({ configFile: fileURLToPath(new URL("../../page/vite.config.ts", import.meta.url)), logLevel: "warn" });
  const { address, close } = await serve(fileURLToPath(new URL("../../build/page", import.meta.url)));
  const browser = await chromium.launch({ executablePath, args: [...CHROMIUM_FLAGS] });
  console.log(`Chromium ${browser.version()}`);
  try {
    await visit(browser, address, "desktop", "light", async (page) => {
      await benchChecks(page);
      await whyChecks(page);
      await learnChecks(page);
      await lookChecks(page, "desktop, light");
      await picture(page, "desktop-light");
    });
    await visit(browser, address, "desktop", "light", withoutWebAssembly, () =>
      Reflect.deleteProperty(window, "WebAssembly"),
    );
    await visit(browser, address, "desktop", "light", failingBench);
    await withoutWorkers(browser, address);
    for (const [size, scheme] of [
      ["desktop", "dark"],
      ["phone", "light"],
      ["phone", "dark"],
    ]) {
      await visit(browser, address, size, scheme, async (page) => {
        await page.locator("#learn-train:not([disabled])").click();
        await page.waitForSelector(".misread canvas");
        await lookChecks(page, `${size}, ${scheme}`);
        if (screenshots) await settled(page);
        await picture(page, `${size}-${scheme}`);
      });
    }
  } finally {
    await browser.close();
    close();
  }
  console.log(`${passed} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
}

await main();
