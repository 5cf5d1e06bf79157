"""What the site needs beside its pages: hooks of MkDocs.

The pages are written for GitHub, so links may leave ``docs/``, and diagrams are blocks
of Mermaid. On the site, the former lead to GitHub, and the latter are the drawings that
``docs/render_diagrams.py`` has made of them: no page needs a script for that.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from html import escape
from pathlib import Path
from typing import Protocol

DIAGRAMS = Path(__file__).with_name("diagrams")
_BLOCK = re.compile(r"(?ms)^```mermaid\n(.*?)^```$")
_FENCE = re.compile(r"(?ms)^(?: *)(```+|~~~+).*?^ *\1 *$|(`+)[^\n]*?\2")
_LINK = re.compile(r"(\[[^\]]*\]\()([^)#\s]+)([^)]*\))")
_TITLE = re.compile(r"(?m)^\s*accTitle: *(.+)$")


class _Config(Protocol):
    repo_url: str


class _Inclusion(Protocol):
    def is_excluded(self) -> bool: ...


class _File(Protocol):
    src_uri: str
    inclusion: _Inclusion


class _Page(Protocol):
    file: _File


class _Files(Protocol):
    def get_file_from_path(self, path: str) -> _File | None: ...


def diagram_file(source: str) -> Path:
    """The drawing of a block of Mermaid."""
    digest = hashlib.sha256(source.encode()).hexdigest()[:12]
    return DIAGRAMS / f"{digest}.svg"


def diagrams_of(markdown: str) -> list[str]:
    """The blocks of Mermaid of a page."""
    return _BLOCK.findall(markdown)


def on_page_markdown(
    markdown: str, *, page: _Page, config: _Config, files: _Files
) -> str:
    """Lead links to files beside the pages to GitHub, and draw the diagrams.

    Raises:
        FileNotFoundError: if a diagram was not drawn.
    """
    folder = posixpath.dirname(page.file.src_uri)
    parts: list[str] = []
    position = 0
    for code in _FENCE.finditer(markdown):
        prose = markdown[position : code.start()]
        parts += [_outside(prose, folder, config.repo_url, files), code.group()]
        position = code.end()
    parts.append(_outside(markdown[position:], folder, config.repo_url, files))
    return _BLOCK.sub(_drawn, "".join(parts))


def _outside(prose: str, folder: str, home: str, files: _Files) -> str:
    """Lead the links of a text to GitHub where the site does not have the file."""

    def lead(match: re.Match[str]) -> str:
        before, target, after = match.groups()
        path = posixpath.normpath(posixpath.join("docs", folder, target))
        file = files.get_file_from_path(path.removeprefix("docs/"))
        inside = file is not None and not file.inclusion.is_excluded()
        there = (DIAGRAMS.parents[1] / path).exists()
        if ":" in target or path.startswith("../") or inside or not there:
            return match.group()
        kind = "tree" if (DIAGRAMS.parents[1] / path).is_dir() else "blob"
        return f"{before}{home}/{kind}/main/{path}{after}"

    return _LINK.sub(lead, prose)


def _drawn(match: re.Match[str]) -> str:
    source = match.group(1)
    path = diagram_file(source)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: run `uv run docs/render_diagrams.py`")
    title = _TITLE.search(source)
    name = escape(title.group(1) if title else "Diagram")
    drawing = " ".join(path.read_text(encoding="utf-8").split("\n"))
    return f'<figure class="diagram" role="img" aria-label="{name}">{drawing}</figure>'


def on_post_page(output: str, **_: object) -> str:
    """Name what the theme leaves without a name for screen readers."""
    return output.replace(
        'data-md-component="search" role="dialog"',
        'data-md-component="search" role="dialog" aria-label="Search"',
    )
