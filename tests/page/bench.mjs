// Part 1, as a visitor uses it.

import { check, equal, number, requireThat } from "./support.mjs";

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
