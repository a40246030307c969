// Where something that the page needs can't be had.

import { check, choose, equal, requireThat, slide } from "./support.mjs";

/** Where the main thread has no WebAssembly, as under a policy that forbids it. */
export async function withoutWebAssembly(page) {
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

/** Where scripts are off. */
export async function withoutScripts(browser, address) {
  const page = await browser.newPage({ javaScriptEnabled: false });
  await page.goto(address);
  await check("without scripts it says so, waits for nothing, and shows how to install the package", async () => {
    requireThat(await page.locator("noscript p").isVisible(), "it doesn't say so");
    equal(await page.getByText("…").count(), 0);
    equal(await page.locator("button:visible").count(), 0);
    requireThat(await page.getByText("npm install xentropy").isVisible(), "no line to install it");
  });
  await page.close();
}

/** Asks the benchmark for an operation that there is none of. */
export async function failingBench(page) {
  await check("bench: says why it failed, and can be run again", async () => {
    await page.$eval('input[value="softmax"]', (input) => (input.value = "softmix"));
    await choose(page, "bench-operation", "softmix");
    await page.waitForFunction(() => document.querySelector("#bench-status").textContent.startsWith("It failed"));
    equal(await page.textContent("#bench-status"), "It failed: Error: There is no operation softmix.");
    requireThat(await page.isEnabled("#bench-run"), "it can't be run again");
  });
}

/** The workers' scripts can't be had: deployed in part, say. */
export async function withoutWorkers(browser, address) {
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
