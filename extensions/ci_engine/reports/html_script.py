"""The script of HTML pages: sort and filter tables, expand them for printing.

Without it, a page shows everything in its initial order. It never builds markup from
text: the content of cells is only compared as text.
"""

SCRIPT = """\
"use strict";
(() => {
  const make = (name, properties, ...children) => {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children);
    return element;
  };
  const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  const text = (row, column) => row.cells[column].textContent;

  function compare(column, kind) {
    if (kind !== "number") {
      return (one, other) => collator.compare(text(one, column), text(other, column));
    }
    const order = (row) => {
      const value = row.cells[column].dataset.order;
      return value === undefined || value === "" ? NaN : Number(value);
    };
    return (one, other) => order(one) - order(other);
  }

  function sortRows(table, column, kind, direction) {
    const body = table.tBodies[0];
    const by = compare(column, kind);
    const rows = table.firstRows.slice();
    if (direction !== "none") {
      const sign = direction === "ascending" ? 1 : -1;
      // What has no number comes last, whichever way the others go.
      rows.sort((one, other) => {
        const order = by(one, other);
        if (!Number.isNaN(order)) return sign * order;
        const missing = (row) => Number(!row.cells[column].dataset.order);
        return missing(one) - missing(other);
      });
    }
    body.append(...rows);
    [...table.tHead.rows[0].cells].forEach((head, index) => {
      if (index !== column || direction === "none") head.removeAttribute("aria-sort");
      else head.setAttribute("aria-sort", direction);
    });
  }

  const AFTER = { none: "ascending", ascending: "descending", descending: "none" };

  function addSorting(table, heads, tools) {
    const option = (value, name) => make("option", { value, textContent: name });
    const list = make("select", {}, option("", "as reported"));
    const apply = (column, direction) => {
      sortRows(table, column, heads[column].dataset.sort, direction);
      list.value = direction === "none" ? "" : `${column} ${direction}`;
    };
    heads.forEach((head, column) => {
      const name = head.textContent;
      const button = make("button", { type: "button", textContent: name });
      button.addEventListener("click", () => {
        apply(column, AFTER[head.getAttribute("aria-sort") ?? "none"]);
      });
      head.replaceChildren(button);
      for (const direction of ["ascending", "descending"]) {
        list.append(option(`${column} ${direction}`, `${name}, ${direction}`));
      }
    });
    list.addEventListener("change", () => {
      const [column, direction] = list.value.split(" ");
      apply(Number(column), direction ?? "none");
    });
    tools.append(make("label", { className: "sort" }, "Sort by ", list));
  }

  function addFilters(table, heads, tools) {
    const rows = table.firstRows;
    const status = make("span", { role: "status", className: "quiet" });
    const search = make("input", { type: "search", spellcheck: false });
    tools.prepend(make("label", {}, "Filter ", search));
    const choices = [];
    heads.forEach((head, column) => {
      if (head.dataset.choices === undefined) return;
      const values = [...new Set(rows.map((row) => text(row, column)))];
      if (values.length < 2) return;
      const list = make("select", {}, make("option", { value: "" }, "all"));
      list.append(...values.map((value) => make("option", {}, value)));
      choices.push([column, list]);
      tools.append(make("label", {}, `${head.textContent} `, list));
    });
    const apply = () => {
      const words = search.value.toLocaleLowerCase().split(/\\s+/).filter(Boolean);
      let shown = 0;
      for (const row of rows) {
        const found = row.textContent.toLocaleLowerCase();
        const chosen = ([column, { value }]) => !value || text(row, column) === value;
        const fits = words.every((word) => found.includes(word));
        row.hidden = !(fits && choices.every(chosen));
        shown += Number(!row.hidden);
      }
      const all = rows.length;
      status.textContent = shown === all ? "" : `${shown} of ${all} rows`;
    };
    for (const control of [search, ...choices.map(([, list]) => list)]) {
      control.addEventListener("input", apply);
    }
    tools.append(status);
  }

  for (const table of document.querySelectorAll("table")) {
    table.firstRows = [...table.tBodies[0].rows];
    if (table.firstRows.length < 2) continue;
    const heads = [...table.tHead.rows[0].cells];
    const tools = make("div", { className: "tools" });
    addFilters(table, heads, tools);
    addSorting(table, heads, tools);
    table.before(tools);
  }

  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    folded.forEach((element) => { element.open = true; });
  });
  addEventListener("afterprint", () => {
    folded.forEach((element) => { element.open = false; });
  });
})();
"""
