// What holds in every look.

import { check, equal, requireThat } from "./support.mjs";

export async function lookChecks(page, look) {
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
