"""Pages of HTML in a real browser, as readers see them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.support.node_programs import BROWSER
from tests.support.parsing import Document
from tests.support.tools import assert_clean, find_tool, missing

_SCRIPTS = Path(__file__).parent / "node" / "browser"
_NAMES = ("chromium", "chromium-browser", "google-chrome")


def problems_of(*pages: Path | str) -> list[str]:
    """The problems of pages, on a desktop and on a phone, in light and dark mode.

    Reported are errors and warnings of the console, requests, text that sticks out,
    covers other text or has too little contrast, what the keyboard does not reach, and
    what else axe finds. A browser takes seconds to start: give all pages at once, as
    files, or as addresses of a server whose other files they may request.
    """
    found: list[str] = json.loads(_run("inspect.mjs", *pages))
    return found


def draw(diagrams: Sequence[str]) -> list[str]:
    """The drawings of diagrams of Mermaid, as SVG."""
    drawn: list[str] = json.loads(_run("draw.mjs", given=json.dumps(diagrams)))
    return drawn


def operate_chooser(
    address: str, entries: Sequence[tuple[Mapping[str, str], str]]
) -> list[Document]:
    """What our chooser shows for each entry: answers, and the file to open."""
    seen: list[Document] = json.loads(
        _run("choose.mjs", address, given=json.dumps(entries))
    )
    return seen


def choose_versions(entries: Sequence[tuple[str, str]]) -> list[Document]:
    """What published pages show as their versions.

    Args:
        entries: the address of each page, and the text of the version to choose.
    """
    seen: list[Document] = json.loads(_run("versions.mjs", given=json.dumps(entries)))
    return seen


def _run(script: str, *arguments: str | Path, given: str = "") -> str:
    """What a script that opens the browser prints."""
    browser = next(filter(None, map(find_tool, _NAMES)), None)
    if browser is None:
        missing("chromium")
    words = (BROWSER.modules, str(browser), *arguments)
    done = BROWSER.run(_SCRIPTS / script, *words, cwd=_SCRIPTS, given=given)
    assert_clean(done)
    return done.stdout


def write_pages(directory: Path, pages: dict[str, str]) -> Sequence[Path]:
    """Write pages to files that are named after them."""
    paths = {directory / f"{name}.html": text for name, text in pages.items()}
    for path, text in paths.items():
        path.write_text(text, encoding="utf-8")
    return list(paths)
