"""Find the sources of pages that a plugin builds at another path.

Examples are blog posts, pages of other packages, and pages in the default language.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ci_engine.documentation.html_page import read_page
from ci_engine.documentation.source_text import (
    line_with_address,
    plain_heading,
    plain_headings,
)
from ci_engine.project.repository import Project

_SUFFIXES = (".md", ".markdown", ".rst")


@dataclass(frozen=True)
class MovedSources:
    """Finds the sources of one site by their headings.

    Attributes:
        site: the directory with the built pages.
    """

    project: Project
    site: Path

    def find(self, page: str) -> Path | None:
        """The only file with exactly the headings of a page."""
        headings = read_page(self.site, page).headings
        texts = tuple(plain_heading(each.text) for each in headings)
        found = self._by_headings.get(texts, []) if any(texts) else []
        if len(found) > 1:
            found = [each for each in found if each.stem in Path(page).parts]
        return found[0] if len(found) == 1 else None

    @cached_property
    def _by_headings(self) -> dict[tuple[str, ...], list[Path]]:
        found: dict[tuple[str, ...], list[Path]] = {}
        for path in _pages(self.project):
            found.setdefault(tuple(plain_headings(path)), []).append(path)
        return found


def find_by_link(project: Project, name: str, address: str) -> Path | None:
    """The only file with the name of a page that contains an address."""
    found = [
        path
        for path in _pages(project)
        if path.name == Path(name).name and line_with_address(path, address)
    ]
    return found[0] if len(found) == 1 else None


def _pages(project: Project) -> list[Path]:
    return [path for path in project.files if path.suffix in _SUFFIXES]
