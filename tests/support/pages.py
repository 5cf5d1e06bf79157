"""Read the pages of the documentation: blocks, headings, links and names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tests.support.renders import ROOT

PAGES = (
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "SECURITY.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs" / "decisions").glob("*.md")),
)

_FENCE = re.compile(r"^ *(```+)(\w*)(?: [^`]*)?$")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        language: the language after the fence.
        lines: its lines.
        heading: the heading above it.
    """

    language: str
    lines: tuple[str, ...]
    heading: str


@dataclass(frozen=True)
class Page:
    """A page of Markdown.

    Attributes:
        path: its file.
        blocks: its fenced blocks.
        headings: its headings, in order.
        prose: its lines outside of blocks, with their numbers.
    """

    path: Path
    blocks: tuple[Block, ...]
    headings: tuple[str, ...]
    prose: tuple[tuple[int, str], ...]

    @property
    def name(self) -> str:
        """Its path in the repository."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def anchors(self) -> set[str]:
        """The anchors that GitHub derives from its headings."""
        return {_anchor(heading) for heading in self.headings}

    @property
    def links(self) -> list[str]:
        """The targets of its links."""
        text = "\n".join(line for _, line in self.prose)
        return _LINK.findall(re.sub(_CODE, "", text))

    @property
    def code(self) -> list[str]:
        """The code spans, without backticks."""
        return [word for _, line in self.prose for word in _CODE.findall(line)]

    @property
    def text(self) -> str:
        """The whole text."""
        return self.path.read_text(encoding="utf-8")


def _anchor(heading: str) -> str:
    kept = re.sub(r"[^\w\- ]", "", heading.lower())
    return kept.strip().replace(" ", "-")


def read_page(path: Path) -> Page:
    """Read a page."""
    blocks: list[Block] = []
    headings: list[str] = []
    prose: list[tuple[int, str]] = []
    fence, language, inside = "", "", list[str]()
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        found = _FENCE.match(line)
        if fence:
            if found and found.group(1) == fence:
                heading = headings[-1] if headings else ""
                blocks.append(Block(language, tuple(inside), heading))
                fence, inside = "", []
            else:
                inside.append(line)
        elif found:
            fence, language = found.group(1), found.group(2)
        else:
            if line.startswith("#"):
                headings.append(line.lstrip("#").strip())
            prose.append((number, line))
    assert not fence, f"{path}: a fence is not closed"
    return Page(path, tuple(blocks), tuple(headings), tuple(prose))
