"""Our own site: it is built by our own command, and a browser shows it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.browser import problems_of
from tests.support.local_server import file_server
from tests.support.pages import PAGES, read_page
from tests.support.renders import ROOT

# Each has what others do not: tables, a diagram, code, something to operate.
_SHOWN = ("", "quick-start/", "tour/")


@pytest.mark.heavy
def test_the_site_has_every_page_and_leads_to_each(site: Path) -> None:
    for page in PAGES:
        if not _is_shown(page):
            continue
        name = page.relative_to(ROOT / "docs").with_suffix("")
        folder = name.parent if name.name in ("index", "README") else name
        assert (site / folder / "index.html").is_file(), page


@pytest.mark.heavy
def test_pages_can_be_read_at_a_desk_and_on_a_phone_in_light_and_dark(
    site: Path,
) -> None:
    with file_server(site) as address:
        found = problems_of(*[f"{address}/{page}" for page in _SHOWN])
    assert found == [], "\n".join(found)


def test_every_page_is_in_the_navigation() -> None:
    named = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    pages = [page.relative_to(ROOT / "docs") for page in PAGES if _is_shown(page)]

    assert not [page for page in pages if f" {page.as_posix()}\n" not in named]


def _is_shown(page: Path) -> bool:
    return page.parent.name in ("docs", "decisions")


def test_diagrams_have_no_color_of_their_own() -> None:
    """So that they can be read in the dark: the style sheet of the site has them."""
    for path in (ROOT / "docs" / "diagrams").glob("*.svg"):
        text = path.read_text(encoding="utf-8")
        for word in ("<style", " fill=", " stroke=", "rgb(", "http://", "https://"):
            rest = text.replace('xmlns="http://www.w3.org/2000/svg"', "")
            assert word not in rest, f"{path.name}: {word}"


def test_each_diagram_has_a_name() -> None:
    for path in PAGES:
        for block in read_page(path).blocks:
            if block.language == "mermaid":
                assert any("accTitle: " in line for line in block.lines), path
