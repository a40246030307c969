// Part 1, as a visitor uses it.

import { check, equal, heard, number, requireThat } from "./support.mjs";

export async function benchChecks(page) {
  await check("bench: measures every size, wasm ahead on long rows, and says on which backend", async () => {
    await page.waitForFunction(
      () => document.querySelector("#bench-status").textContent.startsWith("Done"),
      undefined,
      {
        timeout: 90_000,
      },
    );
    equal(await page.locator("#bench-rows .measured").count(), 9);
    requireThat((await number(page, "#bench-median")) > 1, "wasm isn't faster");
    equal(await page.textContent("#backend"), "Running on wasm (simd).");
    requireThat((await page.textContent("#bench-backend")).includes("has WebAssembly SIMD"), "no reason given");
  });
  await check("bench: what is read out while the page loads and measures is beginnings and ends", async () => {
    await page.locator("#learn-train:not([disabled])").waitFor();
    equal((await heard(page)).sort(), [
      "Done: 25th-percentile time of 11 alternating rounds, in this browser.",
      "Measuring…",
      "Ready: 15,000 of MNIST’s 60,000 digits to learn from, 2,000 of its 10,000 others to test with.",
      "Running on wasm (simd).",
    ]);
  });
  await check("bench: its figure is the median of the sizes of at least 1,000 numbers, with their range", async () => {
    const rows = await page.$$eval("#bench-rows tr", (all) =>
      all.map(({ cells }) => [...cells].map((c) => c.textContent)),
    );
    const ratios = rows
      .filter(
        ([size]) => size.split(" × ").reduce((product, side) => product * Number(side.replace(",", "")), 1) >= 1000,
      )
      .map(([, , , ratio]) => Number.parseFloat(ratio))
      .sort((a, b) => a - b);
    equal(ratios.length, 6);
    const median = await number(page, "#bench-median");
    requireThat(Math.abs(median - (ratios[2] + ratios[3]) / 2) < 0.11, `${median} isn't the median of ${ratios}`);
    const [least, most] = [ratios[0], ratios[5]].map((ratio) => `${ratio.toFixed(1)}×`);
    equal(await page.textContent("#bench-range"), `range ${least} to ${most}`);
  });
  await check("bench: another operation is chosen by keyboard and measured at once", async () => {
    await page.focus('input[name="bench-operation"]:checked');
    await page.keyboard.press("ArrowRight");
    equal(await page.isChecked('input[value="softmax"]'), true);
    await page.waitForFunction(() => document.querySelectorAll("#bench-rows .measured").length === 1);
  });
  await check("bench: the button that measures again keeps the focus, and does nothing until it is done", async () => {
    await page.waitForFunction(() => document.querySelectorAll("#bench-rows .measured").length === 9);
    await page.focus("#bench-run");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.querySelectorAll("#bench-rows .measured").length >= 2);
    await page.keyboard.press("Enter");
    requireThat((await page.locator("#bench-rows .measured").count()) >= 2, "it began anew");
    equal(await page.evaluate(() => document.activeElement.id), "bench-run");
  });
  await check("bench: what stands below doesn't move while it measures", async () => {
    const top = () => page.evaluate(() => document.querySelector("#learn").getBoundingClientRect().top + scrollY);
    const before = await top();
    await page.waitForFunction(() => document.querySelectorAll("#bench-rows .measured").length === 9);
    equal(await top(), before);
  });
}
