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
import { benchChecks } from "./bench.mjs";
import { failingBench, withoutScripts, withoutWebAssembly, withoutWorkers } from "./failures.mjs";
import { learnChecks } from "./learn.mjs";
import { lookChecks, trainedLookChecks } from "./looks.mjs";
import { serve } from "./serve.mjs";
import { check, choose, count, equal, listen } from "./support.mjs";
import { whyChecks } from "./why.mjs";

const { screenshots } = parseArgs({ options: { screenshots: { type: "string" } } }).values;
const executablePath = findBrowser("Chromium");
const SIZES = { desktop: { width: 1280, height: 900 }, phone: { width: 360, height: 740 } };

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
    () => Number.parseInt(document.querySelector("#learn-progress").textContent.slice(6), 10) > 5,
  );
  await choose(page, "learn-engine", "javascript");
  for (const id of ["learn-status", "bench-status"]) {
    await page.waitForFunction((id) => document.getElementById(id).textContent.startsWith("Done"), id);
  }
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
    const everything = async (page) => {
      await benchChecks(page);
      await whyChecks(page);
      await learnChecks(page);
      await lookChecks(page, "desktop, light");
      await picture(page, "desktop-light");
    };
    await visit(browser, address, "desktop", "light", everything, listen);
    await visit(browser, address, "desktop", "light", withoutWebAssembly, () =>
      Reflect.deleteProperty(window, "WebAssembly"),
    );
    await visit(browser, address, "desktop", "light", failingBench);
    await withoutWorkers(browser, address);
    await withoutScripts(browser, address);
    for (const [size, scheme] of [
      ["desktop", "dark"],
      ["phone", "light"],
      ["phone", "dark"],
    ]) {
      await visit(browser, address, size, scheme, async (page) => {
        await page.locator("#learn-train:not([disabled])").click();
        await page.waitForSelector(".misread canvas");
        await lookChecks(page, `${size}, ${scheme}`);
        await trainedLookChecks(page, `${size}, ${scheme}`);
        if (screenshots) await settled(page);
        await picture(page, `${size}-${scheme}`);
      });
    }
  } finally {
    await browser.close();
    close();
  }
  console.log(`${count.passed} passed, ${count.failed} failed`);
  if (count.failed > 0) process.exitCode = 1;
}

await main();
