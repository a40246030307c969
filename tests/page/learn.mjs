// Part 2, as a visitor uses it.

import { check, choose, equal, heard, number, requireThat } from "./support.mjs";

/**
 * Presses the button until it says what it should: training may come to its end by itself in the moment before a press,
 * which then begins it anew.
 */
async function setTraining(page, on) {
  const wanted = on ? "Pause" : "Train";
  while ((await page.textContent("#learn-train")) !== wanted) await page.click("#learn-train");
}

export async function learnChecks(page) {
  const accuracy = () => number(page, "#learn-percent");
  const visible = (selector) => page.locator(selector).isVisible();
  await check("learn: before it trains it says how to, and shows no empty boxes or figures", async () => {
    equal(await page.textContent("#misread-none"), "Press Train: the digits it gets wrong appear here.");
    equal([await visible("#misread-none"), await visible("#learn-figure")], [true, false]);
    equal(await page.locator("#misread > *").count(), 0);
  });
  await check("learn: recognises more than 88 % of the test digits, and shows digits that it misreads", async () => {
    await page.locator("#learn-train:not([disabled])").waitFor();
    await heard(page);
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
    equal([await visible("#misread-none"), await visible("#learn-figure")], [false, true]);
  });
  await check("learn: says on how many of MNIST's digits the share rests", async () => {
    equal(
      await page.textContent("#learn-percent-note"),
      "of 2,000 test digits recognised, learned from 15,000 of 60,000",
    );
  });
  await check("learn: epochs pass without being read out", async () => {
    await page.waitForFunction(() => document.querySelector("#learn-progress").textContent !== "Epoch 1 of 15.");
    equal(await heard(page), ["Training with wasm."]);
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
    equal([await visible("#misread-none"), await visible("#learn-figure")], [true, false]);
  });
}
