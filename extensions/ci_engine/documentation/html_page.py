"""Parse a built page: links, targets and headings, each with its line."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

from ci_engine.documentation.literal_references import (
    LiteralReference,
    ReferenceReader,
    is_verbatim,
)
from ci_engine.documentation.style_sheets import style_addresses

_VOID = frozenset(
    {
        *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta"),
        *("param", "source", "track", "wbr"),
    }
)
# Attributes with an address, by element.
_ADDRESSES: dict[str, tuple[str, ...]] = {
    "a": ("href",),
    "area": ("href",),
    "audio": ("src",),
    "embed": ("src",),
    "form": ("action",),
    "iframe": ("src",),
    "img": ("src",),
    "image": ("href", "xlink:href"),
    "input": ("src",),
    "link": ("href",),
    "object": ("data",),
    "script": ("src",),
    "source": ("src",),
    "track": ("src",),
    "video": ("src", "poster"),
}
# The relations of `link` elements that a browser loads or follows.
_LOADED = frozenset(
    {
        *("stylesheet", "icon", "apple-touch-icon", "manifest", "mask-icon", "next"),
        *("modulepreload", "preload", "prev", "search", "index", "copyright", "top"),
    }
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
# Elements for the frame of a page, even inside its main part.
_FRAME = frozenset({"nav", "aside", "footer", "dialog", "form"})
# Classes of themes for printed content, such as a second title.
_PAPER = frozenset({"onlyprint", "print-only", "printonly", "d-print-block"})
_REFRESH = re.compile(
    r"^\s*\d+(?:\.\d+)?\s*[;,]\s*(?:url\s*=)?\s*['\"]?([^'\"]*)", re.I
)
_SRCSET = re.compile(r"\s*([^\s,]\S*[^\s,])(?:\s+[^,]*)?(?:,|$)")


@dataclass(frozen=True)
class Link:
    """An address on a page.

    Attributes:
        kind: the element with the address.
        content: whether it is in the main part of the page.
    """

    address: str
    kind: str
    line: int
    content: bool


@dataclass
class Heading:
    """A heading in the main part of a page."""

    level: int
    line: int
    text: str = ""


@dataclass
class HtmlPage:
    """One built page.

    Attributes:
        targets: the ids and names that a fragment can refer to.
        repeated: duplicate ids in the main part, with the line of each
            duplicate.
        base: the base of relative addresses, from ``<base>``.
        redirect: the target of an immediate redirect, empty if there is none.
        whole: whether it is a complete page, not a part of one.
        references: possible links of Markdown without a definition.
    """

    path: str
    links: list[Link] = field(default_factory=list[Link])
    targets: set[str] = field(default_factory=set[str])
    repeated: dict[str, int] = field(default_factory=dict[str, int])
    headings: list[Heading] = field(default_factory=list[Heading])
    base: str = ""
    redirect: str = ""
    redirect_line: int = 0
    whole: bool = False
    references: list[LiteralReference] = field(default_factory=list[LiteralReference])


def read_page(site: Path, path: str) -> HtmlPage:
    """Read a page of a site."""
    parser = _Parser(path)
    parser.feed((site / path).read_text("utf-8", "replace"))
    parser.close()
    return parser.finish()


class _Parser(HTMLParser):
    """Collects the content of a page."""

    def __init__(self, path: str) -> None:
        super().__init__(convert_charrefs=True)
        self.page = HtmlPage(path)
        self._open: list[str] = []
        self._main: list[int] = []
        self._frame: list[int] = []
        self._heading: Heading | None = None
        self._permalink: list[int] = []
        self._verbatim: list[int] = []
        self._reader = ReferenceReader()
        # For each id: whether it is in the main part, and how often it occurs.
        self._ids: dict[str, list[tuple[int, bool]]] = {}
        self._has_main = False
        self._headings: list[tuple[Heading, bool]] = []

    def finish(self) -> HtmlPage:
        """The page, once everything is parsed."""
        page = self.page
        page.headings = [h for h, main in self._headings if main or not self._has_main]
        for name, places in self._ids.items():
            inside = any(main for _, main in places) or not self._has_main
            if len(places) > 1 and inside:
                page.repeated[name] = places[1][0]
        self._reader.flush()
        page.references = self._reader.found
        return page

    @property
    def _inside(self) -> bool:
        """Whether the current position is in the main part of the page."""
        return bool(self._main) and not self._frame

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Process the start of an element."""
        line = self.getpos()[0]
        given = {name: value or "" for name, value in reversed(attrs)}
        depth = len(self._open)
        if tag not in _VOID:
            self._open.append(tag)
        if tag in ("html", "body"):
            self.page.whole = True
        paper = not _PAPER.isdisjoint(given.get("class", "").split())
        if tag == "main" or given.get("role") == "main" or tag == "article":
            self._main.append(depth)
            if not self._has_main:
                # Earlier text is not the text of the page.
                self._reader = ReferenceReader()
            self._has_main = True
        elif (self._main or paper) and (tag in _FRAME or paper) and tag not in _VOID:
            self._frame.append(depth)
        if tag not in _VOID and is_verbatim(tag, given.get("class", "").split()):
            self._verbatim.append(depth)
        self._reader.start(tag)
        self._take_targets(tag, given, line)
        self._take_addresses(tag, given, line)
        self._take_heading(tag, given, line, depth)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Process a self-closing element, which is void or in SVG."""
        self.handle_starttag(tag, attrs)
        if tag not in _VOID and "svg" in self._open:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        """Process the end of an element, and of unclosed elements inside it."""
        if tag not in self._open:
            return
        while self._open:
            left = self._open.pop()
            depth = len(self._open)
            self._reader.end(left)
            for marks in (self._main, self._frame, self._permalink, self._verbatim):
                if marks and marks[-1] == depth:
                    marks.pop()
            if left in _HEADINGS and self._heading is not None:
                self._heading = None
            if left == tag:
                return

    def handle_data(self, data: str) -> None:
        """Process text: of a heading, of a paragraph, of a style sheet."""
        if self._heading is not None and not self._permalink:
            self._heading.text += data
        line = self.getpos()[0]
        if self._inside or (not self._has_main and not self._frame):
            self._reader.data(data, line, verbatim=bool(self._verbatim))
        if self._open and self._open[-1] == "style":
            self._take_styles(data, line)

    def _take_targets(self, tag: str, given: dict[str, str], line: int) -> None:
        if given.get("id"):
            name = given["id"]
            self.page.targets.add(name)
            if "svg" not in self._open:
                self._ids.setdefault(name, []).append((line, self._inside))
        if tag in ("a", "map") and given.get("name"):
            self.page.targets.add(given["name"])

    def _take_addresses(self, tag: str, given: dict[str, str], line: int) -> None:
        page = self.page
        if tag == "base" and given.get("href"):
            page.base = page.base or given["href"]
            return
        if tag == "meta" and given.get("http-equiv", "").lower() == "refresh":
            found = _REFRESH.match(given.get("content", ""))
            if found and found.group(1).strip():
                page.redirect, page.redirect_line = found.group(1).strip(), line
            return
        if tag == "link" and not _LOADED & set(given.get("rel", "").lower().split()):
            return
        inside = self._inside
        for name in _ADDRESSES.get(tag, ()):
            if name in given:
                page.links.append(Link(given[name].strip(), tag, line, inside))
        self._take_styles(given.get("style", ""), line)
        for name in ("srcset", "imagesrcset"):
            for found in _SRCSET.finditer(given.get(name, "")):
                page.links.append(Link(found.group(1), tag, line, inside))

    def _take_styles(self, text: str, line: int) -> None:
        for address, below in style_addresses(text):
            place = Link(address, "style", line + below - 1, self._inside)
            self.page.links.append(place)

    def _take_heading(
        self, tag: str, given: dict[str, str], line: int, depth: int
    ) -> None:
        if tag in _HEADINGS:
            self._heading = Heading(_HEADINGS[tag], line)
            hidden = "hidden" in given or given.get("aria-hidden") == "true"
            # Before the main part is known, every heading counts.
            counts = self._inside or (not self._main and not self._frame)
            if not hidden and counts:
                self._headings.append((self._heading, self._inside))
        elif self._heading is not None:
            if tag == "img":
                self._heading.text += given.get("alt", "")
            elif tag == "svg":
                self._heading.text += "svg"
            classes = given.get("class", "").split()
            if tag == "a" and "headerlink" in classes:
                self._permalink.append(depth)
