// Operates the chooser of our site, as a reader does with the keyboard.
//
// Usage: node choose.mjs MODULES CHROMIUM ADDRESS, with a JSON list on the standard input:
// each entry has answers, a table from questions to labels, and the file to open. Prints
// JSON: for each the files, the text of the open file, the command, and the questions.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [modules, chromium, address] = process.argv.slice(2);
const require = createRequire(join(modules, "index.js"));
const playwright = require("playwright-core");
const entries = JSON.parse(readFileSync(0, "utf-8"));

const browser = await playwright.chromium.launch({
  executablePath: chromium, args: ["--disable-gpu"], headless: true, chromiumSandbox: false,
});
try {
  const page = await browser.newPage();
  const seen = [];
  for (const [answers, open] of entries) {
    await page.goto(address);
    for (const [name, value] of Object.entries(answers)) {
      await page.locator(`#chooser-${name}`).selectOption({ label: value });
    }
    const button = page.locator(".chooser-tree button", { hasText: open }).first();
    await button.focus();
    await page.keyboard.press("Enter");
    seen.push(await page.evaluate(() => ({
      files: [...document.querySelectorAll(".chooser-tree button")].map((each) => each.textContent),
      open: document.querySelector("#chooser-file").textContent,
      text: document.querySelector(".chooser-text code").textContent,
      command: document.querySelector(".chooser > pre code").textContent,
      address: location.search,
      questions: [...document.querySelectorAll(".chooser select")]
        .filter((each) => each.checkVisibility()).map((each) => each.id.replace("chooser-", "")),
    })));
  }
  console.log(JSON.stringify(seen));
} finally {
  await browser.close();
}
