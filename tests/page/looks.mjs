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

/** Each text that is seen with less than 4.5 times the luminance of what it stands on, or the reverse. */
function faint() {
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    return context.getImageData(0, 0, 1, 1).data;
  };
  const luminance = (colour) => {
    const [r, g, b] = [...rgba(colour)].map((c) =>
      c / 255 <= 0.04045 ? c / 3294.6 : ((c / 255 + 0.055) / 1.055) ** 2.4,
    );
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const paper = (element) => {
    const colour = getComputedStyle(element).backgroundColor;
    return rgba(colour)[3] === 255 || !element.parentElement ? colour : paper(element.parentElement);
  };
  const found = new Set();
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (
      !texts.currentNode.data.trim() ||
      !element.checkVisibility() ||
      element.closest(':disabled, [aria-disabled="true"], script')
    )
      continue;
    const [dark, light] = [getComputedStyle(element).color, paper(element)].map(luminance).sort((a, b) => a - b);
    const contrast = (light + 0.05) / (dark + 0.05);
    if (contrast < 4.5) found.add(`${texts.currentNode.data.trim()}: ${contrast.toFixed(2)}`);
  }
  return [...found];
}

/** What holds once it trains. */
export async function trainedLookChecks(page, look) {
  await check(`${look}: misread digits stand at least two in a row`, async () => {
    const places = await page.$$eval(".misread", (all) => all.slice(0, 2).map((each) => each.getBoundingClientRect()));
    equal(places.length, 2);
    equal(places[0].top, places[1].top);
  });
  await check(`${look}: every text has a contrast of at least 4.5`, async () => equal(await page.evaluate(faint), []));
  await check(`${look}: lines of a plot differ by more than colour`, async () => {
    const dashed = await page.$$eval(".u-legend", (all) =>
      all.map((legend) =>
        [...legend.querySelectorAll(".u-marker")].map((each) => getComputedStyle(each).backgroundImage !== "none"),
      ),
    );
    equal(dashed, Array(5).fill([false, true]));
  });
}
