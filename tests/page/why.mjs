// Part 3, as a visitor uses it.

import { check, choose, equal, heard, number, requireThat, slide } from "./support.mjs";

export async function whyChecks(page) {
  await check("softmax: equal logits give 1/4 each, loss log 4, and p − y", async () => {
    for (const name of ["cat", "dog", "owl", "fox"]) await slide(page, `[aria-label="logit of ${name}"]`, 0);
    equal(await page.locator("#softmax-p .number").allTextContents(), ["0.250", "0.250", "0.250", "0.250"]);
    equal(await page.locator("#softmax-gradient .number").allTextContents(), ["0.250", "−0.750", "0.250", "0.250"]);
    equal(await page.textContent("#softmax-loss"), "1.386");
  });
  await check("softmax: a slider answers to the arrow keys, and the loss alone is read out", async () => {
    await page.focus('[aria-label="logit of dog"]');
    await heard(page);
    await page.keyboard.press("ArrowRight");
    requireThat((await number(page, "#softmax-loss")) < 1.386, "the loss stayed");
    equal(await heard(page), [`loss = ${await page.textContent("#softmax-loss")} nats`]);
  });
  await check("sigmoid: at first both gradients are within their plots", async () => {
    equal(await page.textContent("#sigmoid-beyond"), "");
    requireThat((await number(page, "#entropy-to-y")) < -8, "cross-entropy's gradient isn't steep");
  });
  await check(
    "sigmoid: confidently wrong, squared error's gradient to z vanishes and cross-entropy's is −1",
    async () => {
      await slide(page, "#sigmoid-z", -10);
      requireThat(Math.abs(await number(page, "#squared-to-z")) < 1e-3, "squared error still learns");
      requireThat((await number(page, "#entropy-to-z")) < -0.999, "cross-entropy doesn't learn");
      requireThat(Math.abs(await number(page, "#squared-to-y")) <= 2, "squared error's gradient to ŷ passed 2");
      requireThat((await number(page, "#entropy-to-y")) < -20_000, "cross-entropy's gradient to ŷ is bounded");
      equal(await page.textContent("#sigmoid-beyond"), "Cross-entropy’s −22030 is below the plot: see the table.");
      await heard(page);
      await slide(page, "#sigmoid-z", 0);
      equal(await heard(page), ["ŷ = 0.50000"]);
      equal(await page.textContent("#sigmoid-beyond"), "");
    },
  );
  await check("entropy: H(P) + D(P‖Q) = H(P, Q), in nats and in bits", async () => {
    for (const unit of ["nats", "bits"]) {
      await choose(page, "entropy-unit", unit);
      const [h, kl, cross] = await Promise.all(["h", "kl", "cross"].map((id) => number(page, `#entropy-${id}`)));
      requireThat(Math.abs(h + kl - cross) < 0.0016, `${h} + ${kl} ≠ ${cross}`);
    }
  });
  await check("entropy: below the bars stand probabilities, whose sum is 1", async () => {
    for (const name of ["p", "q"]) {
      const numbers = (await page.locator(`#draw-${name} + .draw-numbers span`).allTextContents()).map(Number);
      equal(numbers.length, 8);
      requireThat(Math.abs(numbers.reduce((a, b) => a + b) - 1) < 0.0041, `the sum of ${numbers} isn't 1`);
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
    await heard(page);
    await page.keyboard.press("Home");
    equal(await heard(page), []);
    await page.click("#entropy-same");
    equal(await page.textContent("#entropy-kl"), "0.000 bits");
  });
}
