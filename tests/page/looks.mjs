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

/** What holds once it trains. */
export async function trainedLookChecks(page, look) {
  await check(`${look}: misread digits stand at least two in a row`, async () => {
    const places = await page.$$eval(".misread", (all) => all.slice(0, 2).map((each) => each.getBoundingClientRect()));
    equal(places.length, 2);
    equal(places[0].top, places[1].top);
  });
}
