// What is wrong with pages of HTML: opens each in Chromium as readers see it.
//
// Usage: node inspect.mjs MODULES CHROMIUM PAGE... Prints JSON: the problems of all pages,
// at a desk and on a phone, in light and in dark mode. One browser serves them all. A page
// is a file, or an address of a server: that page may request what the server has.
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, chromium, ...files] = process.argv.slice(2);
const require = createRequire(join(modules, "index.js"));
const playwright = require("playwright-core");

const WINDOWS = [[1280, "light"], [360, "dark"], [1280, "dark"], [360, "light"]];
// axe takes most of the time: the first windows have both widths and both modes.
const AXE_WINDOWS = 2;
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const FLAGS = [
  "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];
// A reader who presses Tab that often has seen how the page behaves.
const MOST_STOPS = 40;

/** What sticks out of the page, or out of its plot. */
function findOverflow() {
  const problems = [];
  const { clientWidth: width, scrollWidth } = document.documentElement;
  const name = (element) => `<${element.localName}> ${element.textContent.trim().slice(0, 60)}`;
  if (scrollWidth > width) {
    const wide = [...document.body.querySelectorAll("*")].filter(
      (element) => element.getBoundingClientRect().left + element.scrollWidth > width + 1,
    );
    const last = wide.length ? name(wide[wide.length - 1]) : "";
    problems.push(`${scrollWidth} px wide, ${width} px fit: ${last}`);
  }
  for (const plot of document.querySelectorAll("svg")) {
    const box = plot.getBoundingClientRect();
    const texts = [...plot.querySelectorAll("text")].filter((text) => text.textContent);
    const boxes = texts.map((text) => text.getBoundingClientRect());
    boxes.forEach((each, index) => {
      const inside = each.left >= box.left - 1 && each.right <= box.right + 1
        && each.top >= box.top - 1 && each.bottom <= box.bottom + 1;
      if (!inside) problems.push(`outside of its plot: ${name(texts[index])}`);
      boxes.slice(0, index).forEach((other, before) => {
        const apart = each.left >= other.right || other.left >= each.right
          || each.top >= other.bottom || other.top >= each.bottom;
        if (!apart) problems.push(`${name(texts[index])} covers ${name(texts[before])}`);
      });
    });
  }
  return problems;
}

/** Contrast of the texts and shapes in plots, which axe leaves out. */
function findFaint() {
  const parse = (color) => (color.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = (color) => {
    const linear = parse(color).slice(0, 3).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const page = luminance(getComputedStyle(document.body).backgroundColor);
  const contrast = (color) => {
    const other = luminance(color);
    return (Math.max(page, other) + 0.05) / (Math.min(page, other) + 0.05);
  };
  const found = new Set();
  const check = (element, color, least) => {
    const measured = contrast(color);
    if (measured < least) {
      const what = `<${element.localName} class="${element.getAttribute("class") ?? ""}">`;
      found.add(`${what}: contrast ${measured.toFixed(2)}, expected ${least}`);
    }
  };
  for (const text of document.querySelectorAll("svg text")) {
    check(text, getComputedStyle(text).fill, 4.5);
  }
  for (const shape of document.querySelectorAll("svg rect, svg circle, svg polyline")) {
    // What is behind the label of an arrow hides the arrow, and nothing else.
    if (shape.matches(".background, .edgeLabel *, .label *")) continue;
    const style = getComputedStyle(shape);
    check(shape, style.stroke === "none" ? style.fill : style.stroke, 3);
  }
  return [...found];
}

/** What the keyboard does not reach, and where a reader does not see the focus. */
async function findUnreachable(page) {
  const problems = [];
  const expected = await page.evaluate((most) => {
    const stops = [...document.querySelectorAll("a[href], summary, button, input, [tabindex='0']")]
      .filter((element) => element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true }))
      .slice(0, most);
    stops.forEach((element, index) => { element.dataset.stop = String(index); });
    return stops.map((element) => `<${element.localName}> ${element.textContent.trim().slice(0, 60)}`);
  }, MOST_STOPS);
  const reached = new Set();
  for (let press = 0; expected.length > reached.size && press < 2 * expected.length + 20; press += 1) {
    await page.keyboard.press("Tab");
    const stop = await page.evaluate(() => {
      const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
      const seen = outlineStyle !== "none" && parseFloat(outlineWidth) > 0;
      return { number: document.activeElement.dataset.stop, seen };
    });
    if (stop.number === undefined) continue;
    reached.add(Number(stop.number));
    if (!stop.seen) problems.push(`no visible focus: ${expected[Number(stop.number)]}`);
  }
  expected.forEach((name, index) => {
    if (!reached.has(index)) problems.push(`not reached by the keyboard: ${name}`);
  });
  return problems;
}

/** What axe finds. */
async function findViolations(page) {
  await page.addScriptTag({ path: require.resolve("axe-core/axe.min.js") });
  const { violations } = await page.evaluate(
    (rules) => globalThis.axe.run({ runOnly: rules, resultTypes: ["violations"] }), RULES,
  );
  return violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes[0].html.slice(0, 200)}`);
}

/** The problems of one page in one window. */
async function inspect(browser, file, [width, colorScheme], index) {
  const viewport = { width, height: width > 800 ? 900 : 1800 };
  const context = await browser.newContext({ viewport, colorScheme });
  const page = await context.newPage();
  const served = file.startsWith("http:");
  const address = served ? file : pathToFileURL(file).href;
  const own = (url) => url === address || (served && url.startsWith(new URL(file).origin));
  const problems = [];
  page.on("console", (message) => {
    if (["warning", "error"].includes(message.type())) problems.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => problems.push(`script: ${error.message}`));
  page.on("request", (request) => {
    if (!own(request.url()) && !request.url().startsWith("data:")) {
      problems.push(`request: ${request.url()}`);
    }
  });
  await page.goto(address);
  await page.evaluate(() => {
    document.querySelectorAll("details").forEach((element) => { element.open = true; });
  });
  problems.push(...await page.evaluate(findOverflow));
  problems.push(...await page.evaluate(findFaint));
  problems.push(...await findUnreachable(page));
  if (index < AXE_WINDOWS) problems.push(...await findViolations(page));
  if (process.env.BROWSER_PICTURES) {
    const name = `${basename(file)}-${width}-${colorScheme}.png`;
    await page.screenshot({ path: join(process.env.BROWSER_PICTURES, name) });
  }
  await context.close();
  return [...new Set(problems)].map((each) => `${basename(file)}, ${width} px, ${colorScheme}: ${each}`);
}

const browser = await playwright.chromium.launch({
  executablePath: chromium, args: FLAGS, headless: true, chromiumSandbox: false,
});
const problems = [];
try {
  for (const file of files) {
    for (const [index, shape] of WINDOWS.entries()) {
      problems.push(...await inspect(browser, file, shape, index));
    }
  }
} finally {
  await browser.close();
}
console.log(JSON.stringify(problems));
