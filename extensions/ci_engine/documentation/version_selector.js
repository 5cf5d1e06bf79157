// Lists the versions of a documentation on each of its pages, as a link to each.
//
// One copy at the top of the site serves all versions. It reads versions.json beside it and
// nothing else; without that file, or with one version only, the page stays as it is.
"use strict";
(() => {
  const script = document.currentScript;
  const name = "ci-framework-versions";
  const style = `
    :host { all: initial; display: block; text-align: right; }
    :host(.beside) { bottom: 0; position: fixed; right: 0; z-index: 10000; }
    nav { display: inline-block; font: 14px/1.5 system-ui, sans-serif; margin: 4px 8px;
      position: relative; text-align: left; }
    summary, ul { background: #1f2328; border: 1px solid #767b82; border-radius: 6px;
      box-sizing: border-box; color: #fff; max-width: calc(100vw - 40px); }
    summary { cursor: pointer; overflow-wrap: anywhere; padding: 2px 10px; }
    ul { list-style: none; margin: 4px 0 0; max-height: 60vh; overflow-y: auto; padding: 4px;
      position: absolute; right: 0; top: 100%; width: max-content; z-index: 10000; }
    :host(.beside) ul { bottom: 100%; margin: 0 0 4px; top: auto; }
    a { border-radius: 4px; color: #fff; display: block; overflow-wrap: anywhere;
      padding: 3px 10px; text-decoration: none; }
    a:hover { text-decoration: underline; }
    a[aria-current] { font-weight: bold; }
    summary:focus-visible { outline: 3px solid #767b82; outline-offset: 2px; }
    a:focus-visible { outline: 2px solid #fff; outline-offset: -2px; }
    @media print { :host { display: none; } }
  `;

  /** The directory that the page is in, and the path of the page below it. */
  function readLocation(top) {
    if (!location.pathname.startsWith(top.pathname)) return ["", ""];
    const [directory, ...rest] = location.pathname.slice(top.pathname.length).split("/");
    return [decodeURIComponent(directory), rest.join("/")];
  }

  /** The versions to list: as in other readers of the file, hidden ones are left out. */
  function listed(versions, current) {
    return versions.filter((each) => each === current || !each.properties?.hidden);
  }

  function label({ version, title, aliases }) {
    const others = (aliases ?? []).join(", ");
    return `${title || version}${others && ` (${others})`}`;
  }

  /** A link to the same page of a version, or to its start where there is no such page. */
  function linkTo(version, top, path, isCurrent) {
    const link = document.createElement("a");
    const start = new URL(`${encodeURIComponent(version.version)}/`, top);
    link.href = start.href;
    link.textContent = label(version);
    if (isCurrent) link.setAttribute("aria-current", "true");
    link.addEventListener("click", async (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      const same = new URL(path, start);
      const there = await fetch(same, { method: "HEAD" }).then(({ ok }) => ok, () => false);
      location.assign(there ? same.href + location.search + location.hash : start.href);
    });
    return link;
  }

  function show(versions, current, top, path) {
    const host = document.createElement(name);
    const shadow = host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(style);
    shadow.adoptedStyleSheets = [sheet];
    const frame = document.createElement("nav");
    frame.lang = "en";
    frame.setAttribute("aria-label", "Versions of the documentation");
    const details = document.createElement("details");
    const summary = document.createElement("summary");
    summary.textContent = `Version: ${label(current)}`;
    const list = document.createElement("ul");
    for (const version of listed(versions, current)) {
      const item = document.createElement("li");
      item.append(linkTo(version, top, path, version === current));
      list.append(item);
    }
    details.append(summary, list);
    frame.append(details);
    shadow.append(frame);
    frame.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !details.open) return;
      details.open = false;
      summary.focus();
    });
    document.addEventListener("click", (event) => {
      if (!event.composedPath().includes(host)) details.open = false;
    });
    const { display, flexDirection } = getComputedStyle(document.body);
    const inRow = display.includes("grid")
      || (display.includes("flex") && flexDirection.startsWith("row"));
    host.classList.toggle("beside", inRow);
    document.body.prepend(host);
  }

  async function run() {
    if (!script || document.querySelector(name)) return;
    const top = new URL(".", script.src);
    const [directory, path] = readLocation(top);
    const answer = await fetch(new URL("versions.json", top), { cache: "no-cache" });
    const versions = answer.ok ? await answer.json() : [];
    const current = versions.find(({ version, aliases }) => (
      version === directory || (aliases ?? []).includes(directory)));
    if (current && listed(versions, current).length > 1) show(versions, current, top, path);
  }

  // Without the list, or with one that cannot be read, the pages are as they were built.
  run().catch(() => {});
})();
