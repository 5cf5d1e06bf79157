// What is wrong with pages of HTML: opens each in Chromium as readers see it.
//
// Usage: node inspect.mjs MODULES CHROMIUM PAGE... Prints JSON: the problems of all pages,
// at a desk and on a phone, in light and in dark mode. One browser serves them all. A page
// is a file, or an address of a server: that page may request what the server has. Files are
// our reports: they are printed as well, and their tables sorted and filtered.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, chromium, ...files] = process.argv.slice(2);
const require = createRequire(join(modules, "index.js"));
const playwright = require("playwright-core");

const WINDOWS = [[1280, "light"], [360, "dark"], [1280, "dark"], [360, "light"]];
// axe takes most of the time: the first windows have both widths and both modes.
const AXE_WINDOWS = 2;
// In dark mode, which paper must not have.
const PAPER_WINDOW = 2;
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
  for (let press = 0; expected.length > reached.size && press < 2 * expected.length + 100; press += 1) {
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
async function findViolations(page, only = null) {
  // What a site shows over its pages after scrolling lies on links for the moment.
  await page.evaluate(() => { document.activeElement.blur(); globalThis.scrollTo(0, 0); });
  // The policy of a page would refuse a script tag.
  await page.evaluate(readFileSync(require.resolve("axe-core/axe.min.js"), "utf8"));
  const { violations } = await page.evaluate(
    (rules) => globalThis.axe.run({ runOnly: rules, resultTypes: ["violations"] }),
    only ?? RULES,
  );
  return violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes[0].html.slice(0, 200)}`);
}

/** What a reader sees of a table: the texts and orders of its columns. */
function readTable(table) {
  const rows = [...table.tBodies[0].rows].filter((row) => row.checkVisibility());
  return {
    sorted: [...table.tHead.rows[0].cells].map((cell) => cell.getAttribute("aria-sort")),
    cells: rows.map((row) => [...row.cells].map((cell) => cell.textContent)),
    orders: rows.map((row) => [...row.cells].map((cell) => cell.dataset.order ?? "")),
  };
}

/** Whether what follows each other has its order; what has none comes last. */
function isOrdered(read, column, isNumber, sign) {
  const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  const values = (isNumber ? read.orders : read.cells).map((row) => row[column]);
  return values.slice(1).every((value, index) => {
    const before = values[index];
    if (!isNumber) return sign * collator.compare(before, value) <= 0;
    if (before === "" || value === "") return value === "";
    return sign * (Number(before) - Number(value)) <= 0;
  });
}

/** Tables that do not sort or filter as they say, by the keyboard alone. */
async function findBrokenTables(page, onPhone) {
  const problems = [];
  for (const table of await page.locator("table").all()) {
    const read = () => table.evaluate(readTable);
    const first = await read();
    if (first.cells.length < 2) continue;
    const heads = await table.evaluate((element) => (
      [...element.tHead.rows[0].cells].map(({ dataset, textContent }) => (
        { name: textContent, isNumber: dataset.sort === "number" }
      ))
    ));
    const tools = table.locator("xpath=preceding-sibling::*[1]");
    const list = tools.getByLabel("Sort by");
    const sort = async (column, direction) => {
      if (onPhone) await list.selectOption(direction ? `${column} ${direction}` : "");
      else await table.locator("th").nth(column).getByRole("button").press("Enter");
    };
    const plain = JSON.stringify(first.cells);
    // The list of a phone sorts by the same function as the heads at a desk.
    for (const [column, { name, isNumber }] of [...heads.entries()].slice(0, onPhone ? 1 : 9)) {
      for (const [direction, sign] of [["ascending", 1], ["descending", -1]]) {
        await sort(column, direction);
        const now = await read();
        if (!isOrdered(now, column, isNumber, sign)) problems.push(`${name}: not ${direction}`);
        const others = now.sorted.filter((each, index) => index !== column && each);
        if (now.sorted[column] !== direction || others.length) {
          problems.push(`${name}: it does not say that it is ${direction}`);
        }
      }
      await sort(column, "");
      if (JSON.stringify((await read()).cells) !== plain) problems.push(`${name}: no way back`);
    }
    const wanted = first.cells[first.cells.length - 1].join(" ").trim().split(/\s+/)[0];
    const search = tools.getByLabel("Filter");
    await search.fill(wanted.toUpperCase());
    const fitting = first.cells.filter((row) => (
      row.join("").toLocaleLowerCase().includes(wanted.toLocaleLowerCase())));
    const found = await read();
    if (JSON.stringify(found.cells) !== JSON.stringify(fitting)) {
      problems.push(`the filter ${wanted} shows ${found.cells.length} rows, not ${fitting.length}`);
    }
    await search.fill("");
    for (const [column, { name }] of heads.entries()) {
      const choice = tools.getByLabel(name, { exact: true });
      if (await choice.count() === 0 || await choice.evaluate((one) => one.localName) !== "select") {
        continue;
      }
      const value = first.cells[0][column];
      await choice.selectOption(value);
      const shown = (await read()).cells;
      const right = first.cells.filter((row) => row[column] === value);
      if (JSON.stringify(shown) !== JSON.stringify(right)) problems.push(`${name}: wrong choice`);
      const said = await tools.getByRole("status").textContent();
      if (!said.startsWith(`${right.length} of `)) problems.push(`${name}: it says ${said}`);
      await choice.selectOption("");
    }
  }
  return problems;
}

/** What is wrong on paper, where dark mode and what is folded do not count. */
async function findUnprintable(page) {
  await page.emulateMedia({ media: "print" });
  // A4 without its margins.
  await page.setViewportSize({ width: 680, height: 1000 });
  const problems = await page.evaluate(() => {
    const found = [];
    for (const each of document.querySelectorAll(".tools, input, select")) {
      if (each.checkVisibility()) found.push(`printed: <${each.localName}>`);
    }
    for (const each of document.querySelectorAll("details > :not(summary, .tools)")) {
      if (!each.checkVisibility({ contentVisibilityAuto: true })) found.push("not printed: folded");
    }
    for (const each of document.querySelectorAll("thead")) {
      if (!each.checkVisibility()) found.push("not printed: the head of a table");
    }
    const color = getComputedStyle(document.body).backgroundColor;
    return color === "rgb(255, 255, 255)" ? found : [...found, `printed on ${color}`];
  });
  problems.push(...await page.evaluate(findOverflow));
  problems.push(...await page.evaluate(findFaint));
  problems.push(...await findViolations(page, ["color-contrast"]));
  await page.emulateMedia({ media: null });
  return [...new Set(problems)].map((each) => `on paper: ${each}`);
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
  // A page may load its data first; the keyboard is tried on what a reader gets.
  await page.locator("[aria-busy='true']").waitFor({ state: "detached" });
  if (!served && index === PAPER_WINDOW) {
    const before = await page.evaluate(findOverflow);
    problems.push(...(before.length ? [] : await findUnprintable(page)));
    await page.setViewportSize(viewport);
  }
  if (!served && index < AXE_WINDOWS) {
    problems.push(...await findBrokenTables(page, width < 800));
  }
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
