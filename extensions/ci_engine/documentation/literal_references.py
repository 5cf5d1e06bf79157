"""Find Markdown links that a built page shows as text, because they are undefined."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

# Visible elements without running text: code, pictures, and working links.
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
# `a[i][j]` is not a link, nor is `list[int][0]`.
_REFERENCE = re.compile(
    rf"(?<![\w)\]{_OTHER}])\[([^\[\]]{{1,300}})\]\[([^\[\]{_OTHER}]{{0,100}})\]"
)
_INDEX = re.compile(r"\d+|\w|")


@dataclass(frozen=True)
class LiteralReference:
    """A possible link.

    Attributes:
        written: the text on the page, such as ``[text][label]``.
        label: the missing definition.
        line: the line of the built page.
    """

    written: str
    label: str
    line: int


@dataclass
class ReferenceReader:
    """Reads the text of a page, paragraph by paragraph."""

    found: list[LiteralReference] = field(default_factory=list[LiteralReference])
    _text: list[str] = field(default_factory=list[str])
    _line: int = 0

    def start(self, tag: str) -> None:
        """Process the start of an element."""
        if tag == "img":
            self._text.append(_OTHER)
        elif tag not in _INLINE and tag not in _VERBATIM:
            self.flush()

    def end(self, tag: str) -> None:
        """Process the end of an element."""
        if tag not in _INLINE and tag not in _VERBATIM:
            self.flush()

    def data(self, text: str, line: int, *, verbatim: bool) -> None:
        """Process text in the main part of the page."""
        if not self._text:
            self._line = line
        self._text.append(_OTHER if verbatim else text)

    def flush(self) -> None:
        """Process a complete paragraph."""
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
    """Whether an element shows its text verbatim."""
    return tag in _VERBATIM or not _FORMULAS.isdisjoint(classes)
