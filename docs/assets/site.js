// What screen readers and the keyboard lack in the theme.
"use strict";

/** Name the parts that have none, and let the keyboard scroll what scrolls. */
function complete() {
  document.querySelectorAll(".md-code__nav").forEach((element, index) => {
    element.setAttribute("aria-label", `Code block ${index + 1}`);
  });
  document.querySelectorAll(".md-typeset__scrollwrap").forEach((element, index) => {
    if (element.scrollWidth <= element.clientWidth) return;
    element.tabIndex = 0;
    element.setAttribute("role", "region");
    element.setAttribute("aria-label", `Table ${index + 1}`);
  });
}

// The theme adds its buttons later than this runs.
new MutationObserver(complete).observe(document.body, { childList: true, subtree: true });
complete();
