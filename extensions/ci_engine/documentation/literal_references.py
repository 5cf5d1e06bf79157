"""Links of Markdown that a built page shows as text: nothing defines their target."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

# What a reader sees, but is no text: code, pictures, and links that work.
_OTHER = "\ufffc"
_VERBATIM = frozenset(
    {
        *("a", "code", "kbd", "math", "pre", "samp", "script", "style", "svg", "tt"),
        *("textarea", "title", "var"),
    }
)
# Classes of formulas.
_FORMULAS = frozenset({"arithmatex", "math", "mathjax", "katex"})
_INLINE = frozenset(
    {
        *("abbr", "b", "bdi", "cite", "del", "dfn", "em", "i", "img", "ins", "mark"),
        *("q", "s", "small", "span", "strong", "sub", "sup", "u", "wbr"),
    }
)
# `a[i][j]` is no link, nor is `list[int][0]`.
_REFERENCE = re.compile(
    rf"(?<![\w)\]{_OTHER}])\[([^\[\]]{{1,300}})\]\[([^\[\]{_OTHER}]{{0,100}})\]"
)
_INDEX = re.compile(r"\d+|\w|")


@dataclass(frozen=True)
class LiteralReference:
    """What may be a link.

    Attributes:
        written: as the page shows it, such as ``[text][label]``.
        label: what had to be defined.
        line: the line of the built page.
    """

    written: str
    label: str
    line: int


@dataclass
class ReferenceReader:
    """Reads the text of a page, one paragraph after the other."""

    found: list[LiteralReference] = field(default_factory=list[LiteralReference])
    _text: list[str] = field(default_factory=list[str])
    _line: int = 0

    def start(self, tag: str) -> None:
        """Another element begins."""
        if tag == "img":
            self._text.append(_OTHER)
        elif tag not in _INLINE and tag not in _VERBATIM:
            self.flush()

    def end(self, tag: str) -> None:
        """An element ends."""
        if tag not in _INLINE and tag not in _VERBATIM:
            self.flush()

    def data(self, text: str, line: int, *, verbatim: bool) -> None:
        """Take up text of the main part of the page."""
        if not self._text:
            self._line = line
        self._text.append(_OTHER if verbatim else text)

    def flush(self) -> None:
        """The paragraph is complete."""
        text = "".join(self._text)
        self._text.clear()
        if "][" in text:
            self.found += self._references(text)

    def _references(self, text: str) -> Iterator[LiteralReference]:
        for match in _REFERENCE.finditer(text):
            shown, label = (" ".join(part.split()) for part in match.groups())
            shown = shown.replace(_OTHER, "…")
            is_index = _INDEX.fullmatch(shown) and _INDEX.fullmatch(label)
            if not is_index and (label or shown != "…"):
                line = self._line + text.count("\n", 0, match.start())
                yield LiteralReference(f"[{shown}][{label}]", label or shown, line)


def is_verbatim(tag: str, classes: list[str]) -> bool:
    """Whether the text of an element is shown as it is written."""
    return tag in _VERBATIM or not _FORMULAS.isdisjoint(classes)
