// What the checks of the page are written with.

/** How many checks passed and failed. */
export const count = { passed: 0, failed: 0 };

/** Runs a check and says how it went. */
export async function check(what, run) {
  try {
    await run();
    count.passed++;
    console.log(`ok      ${what}`);
  } catch (error) {
    count.failed++;
    console.log(`failed  ${what}: ${error.message.split("\n")[0]}`);
  }
}

export function equal(actual, expected) {
  const [a, b] = [actual, expected].map((value) => JSON.stringify(value));
  if (a !== b) throw new Error(`${a}, expected ${b}`);
}

export function requireThat(condition, what) {
  if (!condition) throw new Error(what);
}

/** The number that an element shows. */
export async function number(page, selector) {
  return Number.parseFloat((await page.textContent(selector)).replace("−", "-").replace("∞", "Infinity"));
}

/** Notes what live regions say once the document is read: `before` of a visit. */
export function listen() {
  const LIVE = "output, [role=status], [role=alert], [aria-live]";
  window.said = [];
  const observer = new MutationObserver((records) => {
    for (const { target } of records) {
      const region = (target instanceof Element ? target : target.parentElement)?.closest(LIVE);
      if (region) window.said.push(region.textContent.trim());
    }
  });
  document.addEventListener("readystatechange", () => {
    observer.observe(document, { subtree: true, childList: true, characterData: true });
  });
}

/** What was said since the last call. */
export async function heard(page) {
  return page.evaluate(() => window.said.splice(0));
}

/** Moves a slider, as its keys would. */
export async function slide(page, selector, value) {
  await page.fill(selector, String(value));
}

/** Clicks one of a group of radio buttons: the label, for the input itself isn't seen. */
export async function choose(page, name, value) {
  const input = `input[name="${name}"][value="${value}"]`;
  await page.click(`label:has(${input})`);
  equal(await page.isChecked(input), true);
}
