"""Map built pages to their source files in the project."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from ci_engine.documentation.build_output import line_with
from ci_engine.documentation.docs_source import DocsSource
from ci_engine.documentation.html_page import Link
from ci_engine.project.path_patterns import matching
from ci_engine.project.repository import Project

_SUFFIXES = (".md", ".rst", ".ipynb", ".txt", ".markdown", ".html")
_ORPHAN = re.compile(r"^(?::orphan:|orphan: *true)", re.MULTILINE)


@dataclass(frozen=True)
class PageSources:
    """Finds sources of pages.

    Attributes:
        source: the documentation source; None if it is not known.
        site: the directory with the built pages.
    """

    project: Project
    source: DocsSource | None
    site: Path

    def locate(self, page: str, link: Link | None = None) -> tuple[str, int]:
        """The source of a page, with the line of a link if it is found."""
        path = self._path(page)
        if path is None:
            built = self.project.relative(self.site / page)
            return built, link.line if link else 0
        name = self.project.relative(path)
        return name, self._line(path, link.address) if link else 0

    def locate_frame(self, link: Link) -> tuple[str, int] | None:
        """The line of the configuration with a link that every page has."""
        if self.source is None:
            return None
        last = unquote(link.address).partition("#")[0].rstrip("/").rpartition("/")[2]
        config = self.source.config
        line = line_with(self.project.root / config, last.removesuffix(".html"))
        return (config, line) if line else None

    def heading_line(self, page: str, text: str, built_line: int) -> int:
        """The location of a heading, in the source if it is known."""
        path = self._path(page)
        return line_with(path, text.strip()) if path else built_line

    def left_out(self, page: str) -> bool:
        """Whether the source of a page declares that nothing links to it."""
        path = self._path(page)
        if path is None or self.source is None:
            return False
        pages = (self.project.root / self.source.pages).resolve()
        inside = path.resolve()
        name = (
            inside.relative_to(pages).as_posix() if inside.is_relative_to(pages) else ""
        )
        if name and matching(name, self.source.unlisted):
            return True
        head = path.read_text("utf-8", "replace")[:2000]
        return _ORPHAN.search(head) is not None

    def own_file(self, name: str) -> Path | None:
        """The project file that a built file is a copy of, None if there is none."""
        if self.source is None:
            return None
        path = self.project.root / self.source.pages / name
        return path if path.is_file() else None

    def _path(self, page: str) -> Path | None:
        if self.source is None:
            return None
        top = self.project.root / self.source.pages
        for name in self._names(page):
            if (top / name).is_file():
                return top / name
        return None

    def _names(self, page: str) -> Iterator[str]:
        stem = page.rpartition(".")[0]
        stems = [stem]
        if stem == "index" or stem.endswith("/index"):
            folder = stem.removesuffix("index").rstrip("/")
            stems = [stem, *([folder] if folder else [])]
            stems.append(f"{folder}/README".lstrip("/"))
        for name in stems:
            yield from (f"{name}{suffix}" for suffix in _SUFFIXES)

    def _line(self, path: Path, address: str) -> int:
        """The line of a source with a link, if it can be found."""
        plain = unquote(address)
        before, _, fragment = plain.partition("#")
        last = before.rstrip("/").rpartition("/")[2].removesuffix(".html")
        for text in (address, plain, f"#{fragment}" if fragment else "", last):
            line = line_with(path, text) if text not in ("", ".", "..") else 0
            if line:
                return line
        return 0
