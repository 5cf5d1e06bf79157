// Reads and operates the list of versions on published pages, as a reader with a keyboard.
//
// Usage: node versions.mjs MODULES CHROMIUM, with a JSON list on the standard input: each
// entry has an address and the text of the version to choose, empty for none. Prints JSON:
// for each the label and entries of the list, the address that the reader gets to, and the
// problems of the page, at a desk and on a phone, in light and dark mode.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [modules, chromium] = process.argv.slice(2);
const require = createRequire(join(modules, "index.js"));
const playwright = require("playwright-core");
const entries = JSON.parse(readFileSync(0, "utf-8"));
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const HOST = "ci-framework-versions";
const WINDOWS = [[1280, "light"], [360, "dark"]];

function read(host) {
  const root = document.querySelector(host)?.shadowRoot;
  if (!root) return { label: "", versions: [] };
  return {
    label: root.querySelector("summary").textContent,
    versions: [...root.querySelectorAll("a")].map((link) => [
      link.textContent, new URL(link.href).pathname, link.getAttribute("aria-current") ?? "",
    ]),
  };
}

/** What has the focus in the list: its text, and whether a reader sees the focus. */
function focused(host) {
  const element = document.querySelector(host).shadowRoot.activeElement;
  if (!element) return null;
  const { outlineStyle, outlineWidth } = getComputedStyle(element);
  return {
    text: element.textContent, seen: outlineStyle !== "none" && parseFloat(outlineWidth) > 0,
  };
}

/** Press Tab until something of the list that fits has the focus. */
async function reach(page, fits, problems) {
  for (let press = 0; press < 60; press += 1) {
    await page.keyboard.press("Tab");
    const now = await page.evaluate(focused, HOST);
    if (now && !now.seen) problems.push(`no visible focus: ${now.text}`);
    if (now && fits(now.text)) return true;
  }
  problems.push("not reached by the keyboard");
  return false;
}

/** What is wrong with the open list: contrast and the like, and what sticks out. */
async function inspect(page, problems) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(
    ([rules, host]) => globalThis.axe.run(host, { runOnly: rules }), [RULES, HOST],
  );
  problems.push(...violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`));
  problems.push(...await page.evaluate((host) => {
    const root = document.querySelector(host).shadowRoot;
    return [...root.querySelectorAll("summary, a")].flatMap((each) => {
      // On a busy machine the browser goes to the fragment of the address only now.
      each.scrollIntoView({ behavior: "instant", block: "nearest" });
      const box = each.getBoundingClientRect();
      const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
      const seen = root.elementFromPoint(x, y);
      const inside = box.left >= 0 && box.right <= innerWidth && box.height >= 24;
      return inside && seen === each ? [] : [`cannot be seen or is too small: ${each.textContent}`];
    });
  }, HOST));
}

const browser = await playwright.chromium.launch({
  executablePath: chromium, args: ["--disable-gpu"], headless: true, chromiumSandbox: false,
});
try {
  const seen = [];
  for (const [address, choice] of entries) {
    const problems = [];
    let result = {};
    for (const [width, colorScheme] of choice ? WINDOWS : WINDOWS.slice(0, 1)) {
      const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme });
      const page = await context.newPage();
      page.on("pageerror", (error) => problems.push(`script: ${error.message}`));
      page.on("request", (request) => {
        if (!request.url().startsWith(new URL(address).origin)
          && !request.url().startsWith("data:")) problems.push(`request: ${request.url()}`);
      });
      const failed = (message) => {
        if (["warning", "error"].includes(message.type())) problems.push(message.text());
      };
      page.on("console", failed);
      await page.goto(address, { waitUntil: "networkidle" });
      await page.evaluate(() => new Promise((drawn) => {
        requestAnimationFrame(() => requestAnimationFrame(drawn));
      }));
      result = await page.evaluate(read, HOST);
      if (choice && await reach(page, (text) => text.startsWith("Version"), problems)) {
        await page.keyboard.press("Enter");
        await inspect(page, problems);
        await page.keyboard.press("Escape");
        const folded = await page.evaluate(
          (host) => !document.querySelector(host).shadowRoot.querySelector("details").open, HOST,
        );
        if (!folded) problems.push("Escape does not fold the list");
        await page.keyboard.press("Enter");
        await reach(page, (text) => text === choice, problems);
        // That a version lacks the page is found out by a request that fails.
        page.off("console", failed);
        await page.keyboard.press("Enter");
        await page.waitForURL((url) => url.href !== address);
        await page.waitForLoadState();
      }
      result.address = page.url();
      await context.close();
    }
    seen.push({ ...result, problems });
  }
  console.log(JSON.stringify(seen));
} finally {
  await browser.close();
}
