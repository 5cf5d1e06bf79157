"""Pages of HTML in a real browser, as readers see them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from tests.support.node_programs import BROWSER
from tests.support.tools import assert_clean, find_tool, missing

_SCRIPT = Path(__file__).parent / "node" / "browser" / "inspect.mjs"
_NAMES = ("chromium", "chromium-browser", "google-chrome")


def problems_of(*pages: Path) -> list[str]:
    """What is wrong with pages, at a desk, on a phone and on paper, in both modes.

    Reported are errors and warnings of the console, requests, text that sticks out,
    covers other text or has too little contrast, what the keyboard does not reach,
    tables that do not sort or filter as they say, what should not be printed or is not,
    and what else axe finds. A browser takes seconds to start: give all pages at once.
    """
    browser = next(filter(None, map(find_tool, _NAMES)), None)
    if browser is None:
        missing("chromium")
    done = BROWSER.run(
        _SCRIPT, BROWSER.modules, str(browser), *pages, cwd=pages[0].parent
    )
    assert_clean(done)
    found: list[str] = json.loads(done.stdout)
    return found


def write_pages(directory: Path, pages: dict[str, str]) -> Sequence[Path]:
    """Write pages to files that are named after them."""
    paths = {directory / f"{name}.html": text for name, text in pages.items()}
    for path, text in paths.items():
        path.write_text(text, encoding="utf-8")
    return list(paths)
