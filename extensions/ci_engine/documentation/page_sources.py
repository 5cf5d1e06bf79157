"""Map built pages to their source files in the project."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote

from ci_engine.documentation.build_output import line_with
from ci_engine.documentation.docs_source import DocsSource
from ci_engine.documentation.html_page import Link
from ci_engine.documentation.literal_references import LiteralReference
from ci_engine.documentation.moved_sources import MovedSources
from ci_engine.documentation.source_text import (
    MARKDOWN,
    heading_line,
    line_with_address,
    line_with_word,
    reference_line,
)
from ci_engine.project.path_patterns import matching
from ci_engine.project.repository import Project

_SUFFIXES = (".md", ".rst", ".ipynb", ".txt", ".markdown", ".html")
# With a plugin for translations, fr/guide is built from guide.fr.md.
_LANGUAGE = re.compile(r"(?P<language>[a-z]{2,3}(?:[-_]\w+)?)/(?P<page>.+)")
_UP = re.compile(r"^(?:\.{1,2}/)+")
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
        name = last.removesuffix(".html")
        line = line_with_word(self.project.root / config, name) if name else 0
        return (config, line) if line else None

    def locate_redirect(self, page: str) -> tuple[str, int] | None:
        """The line of the configuration with a redirect from a page."""
        if self.source is None:
            return None
        config = self.project.root / self.source.config
        for name in self._names(page):
            line = line_with_word(config, name)
            if line:
                return self.source.config, line
        return None

    def heading_line(
        self, page: str, text: str, built_line: int, repetition: int
    ) -> int:
        """The location of a heading, in the source if it is known."""
        path = self._path(page)
        if path is None:
            return built_line
        return heading_line(path, text, repetition) or line_with(path, text.strip())

    def id_line(self, page: str, name: str, built_line: int) -> int:
        """The line with an id, in the source if it is known."""
        path = self._path(page)
        return line_with(path, name) if path else built_line

    def locate_reference(
        self, page: str, reference: LiteralReference
    ) -> tuple[str, int] | None:
        """The file and line of a link in Markdown, None if there is no such link.

        Escaped text is not a link, nor is the same text in another markup.
        """
        if self.source is None:
            return None
        path = self._path(page)
        if path is None:
            built = self.project.relative(self.site / page)
            return None if self.source.builder == "sphinx" else (built, reference.line)
        if path.suffix not in MARKDOWN:
            return None
        included = (self.project.root / self.source.pages).rglob("*.md")
        around = [*sorted(included), *sorted(self.project.root.glob("*.md"))]
        for each in (path, *around):
            line = reference_line(each, reference.label)
            if line:
                return self.project.relative(each), line
        return None

    def is_template(self, name: str) -> bool:
        """Whether a built file is a copy of a template that overrides the theme."""
        top = self.source.templates if self.source else ""
        own = self.own_file(name) if top else None
        templates = (self.project.root / top).resolve()
        return own is not None and own.resolve().is_relative_to(templates)

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
        moves = self.source.builder != "sphinx" and (self.site / page).is_file()
        return self._moved.find(page) if moves else None

    @cached_property
    def _moved(self) -> MovedSources:
        return MovedSources(self.project, self.site)

    def _names(self, page: str) -> Iterator[str]:
        stem = page.rpartition(".")[0]
        stems = [stem]
        if stem == "index" or stem.endswith("/index"):
            folder = stem.removesuffix("index").rstrip("/")
            stems = [stem, *([folder] if folder else [])]
            stems.append(f"{folder}/README".lstrip("/"))
        for translated in [*filter(None, map(_LANGUAGE.fullmatch, stems))]:
            stems.append(f"{translated['page']}.{translated['language']}")
        for name in stems:
            yield from (f"{name}{suffix}" for suffix in _SUFFIXES)

    def _line(self, path: Path, address: str) -> int:
        """The line of a source with a link, if it can be found."""
        plain = unquote(address)
        before, _, fragment = plain.partition("#")
        inner = _UP.sub("", before).rstrip("/").removesuffix(".html")
        last = inner.rpartition("/")[2]
        anchor = f"#{fragment}" if fragment else ""
        written = [f"{name}.md{anchor}" for name in (inner, last) if name]
        # MyST creates an anchor from the name of a missing file.
        for text in (address, plain, *written, anchor, last, fragment):
            if text not in ("", ".", ".."):
                line = line_with_address(path, text) or line_with_word(path, text)
                if line:
                    return line
        return 0
