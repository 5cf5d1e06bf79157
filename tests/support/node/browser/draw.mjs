// Draws diagrams of Mermaid: a page of Chromium turns each into SVG.
//
// Usage: node draw.mjs MODULES CHROMIUM, with a JSON list of sources on the standard
// input. Prints a JSON list of drawings.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [modules, chromium] = process.argv.slice(2);
const require = createRequire(join(modules, "index.js"));
const playwright = require("playwright-core");
const sources = JSON.parse(readFileSync(0, "utf-8"));

const SETTINGS = {
  startOnLoad: false,
  securityLevel: "strict",
  theme: "base",
  look: "classic",
  deterministicIds: true,
  fontFamily: "system-ui, sans-serif",
  htmlLabels: false,
  flowchart: { htmlLabels: false, useMaxWidth: true, nodeSpacing: 30, rankSpacing: 36, wrappingWidth: 300 },
  sequence: { useMaxWidth: true, mirrorActors: false, actorMargin: 30 },
};

/** Draw one, without colors: those are in the style sheet of the site. */
async function draw([settings, source, id]) {
  globalThis.mermaid.initialize(settings);
  const { svg } = await globalThis.mermaid.render(id, source);
  const holder = document.createElement("div");
  holder.innerHTML = svg;
  holder.querySelectorAll("style, filter").forEach((element) => element.remove());
  const text = holder.innerHTML;
  for (const element of holder.querySelectorAll("marker, symbol")) {
    if (!text.includes(`url(#${element.id})`)) element.remove();
  }
  for (const element of holder.querySelectorAll("*")) {
    for (const { name } of [...element.attributes]) {
      const own = element.localName === "svg" && name === "style";
      const drawn = ["fill", "stroke", "filter", "style"].includes(name) && !own;
      if (drawn || name.startsWith("data-")) element.removeAttribute(name);
    }
  }
  for (const element of holder.querySelectorAll("defs, g:not([id])")) {
    if (!element.innerHTML) element.remove();
  }
  return holder.innerHTML.replace(/\d+\.\d{2,}/g, (number) => Number(number).toFixed(1));
}

const browser = await playwright.chromium.launch({
  executablePath: chromium, args: ["--disable-gpu"], headless: true, chromiumSandbox: false,
});
try {
  const page = await browser.newPage();
  await page.setContent("<!doctype html><body></body>");
  await page.addScriptTag({ path: join(modules, "@mermaid-js/tiny/dist/mermaid.tiny.js") });
  const drawings = [];
  for (const [index, source] of sources.entries()) {
    const id = `diagram-${index}`;
    const drawing = await page.evaluate(draw, [SETTINGS, source, id]);
    drawings.push(drawing);
  }
  console.log(JSON.stringify(drawings));
} finally {
  await browser.close();
}
