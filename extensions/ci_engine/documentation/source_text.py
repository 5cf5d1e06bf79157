"""Find headings and links in pages in Markdown or reStructuredText."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

MARKDOWN = (".md", ".markdown", ".ipynb")
_FENCE = re.compile(r"^\s*(?:>\s*)*(```+|~~~+)")
_ATX = re.compile(r"^\s{0,3}(#{1,6})(?:\s+(.*?))?(?:\s+#+)?\s*$")
_HTML = re.compile(r"<h([1-6])\b[^>]*>(.*?)</h\1\s*>", re.IGNORECASE)
_UNDERLINE = re.compile(r"^([=\-`:.'\"~^_*+#])\1{1,}\s*$")
_MARKUP = re.compile(r"<[^>]*>|\{[^{}]*\}\s*$|\]\([^)]*\)|&nbsp;|[`*_\[\]\\:]")


def heading_line(path: Path, text: str, repetition: int = 0) -> int:
    """The line of a heading, 0 if there is none.

    Args:
        path: the file.
        text: its text; may be empty.
        repetition: the number of earlier headings with the same text.
    """
    wanted = plain_heading(text)
    lines = [
        line for line, shown in _headings(_rows(path)) if plain_heading(shown) == wanted
    ]
    return lines[min(repetition, len(lines) - 1)] if lines else 0


def plain_headings(path: Path) -> list[str]:
    """The texts of all headings of a file, without inline markup."""
    return [plain_heading(text) for _, text in _headings(_rows(path))]


def reference_line(path: Path, label: str) -> int:
    """The line with a link ``[text][label]`` that is not code, 0 if there is none."""
    name = re.escape(label).replace(r"\ ", r"\s+")
    written = re.compile(rf"(?<!\\)(?:\]\[{name}|\[{name}\]\[)\]", re.IGNORECASE)
    rows = _rows(path)
    outside = dict(_outside_code(rows))
    # A label may continue on the next line.
    text = "\n".join(outside.get(number, "") for number in range(1, len(rows) + 1))
    found = written.search(text)
    return text.count("\n", 0, found.start()) + 1 if found else 0


def line_with_address(path: Path, address: str) -> int:
    """The first line with exactly this address, not a longer one."""
    written = re.compile(rf"(?<![^\s\"'(<:,]){re.escape(address)}(?![^\s\"')>,])")
    rows = enumerate(_rows(path), 1)
    return next((number for number, row in rows if written.search(row)), 0)


def line_with_word(path: Path, text: str) -> int:
    """The first line with a text that is not part of a longer word, 0 if none."""
    written = re.compile(rf"(?<![\w-]){re.escape(text)}(?![\w-])")
    rows = enumerate(_rows(path), 1)
    return next((number for number, row in rows if written.search(row)), 0)


def _rows(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8", "replace").splitlines()
    except OSError:
        return []


def _outside_code(rows: Sequence[str]) -> Iterator[tuple[int, str]]:
    """The numbered lines outside of fenced blocks."""
    fence = ""
    for number, row in enumerate(rows, 1):
        found = _FENCE.match(row)
        if found and not fence:
            fence = found[1]
        elif found and found[1].startswith(fence):
            fence = ""
        elif not fence:
            yield number, row


def _headings(rows: Sequence[str]) -> Iterator[tuple[int, str]]:
    before = ""
    for number, row in _outside_code(_without_front_matter(rows)):
        found = _ATX.match(row)
        if found:
            yield number, found[2] or ""
        for other in _HTML.finditer(row):
            yield number, other[2]
        if _UNDERLINE.match(row) and before.strip() and not _UNDERLINE.match(before):
            yield number - 1, before
        before = row


def _without_front_matter(rows: Sequence[str]) -> list[str]:
    """The lines, empty where the front matter is, whose end looks like a heading."""
    end = next((n for n, row in enumerate(rows[1:], 1) if row.rstrip() == "---"), 0)
    if not end or rows[0].rstrip() != "---":
        return [*rows]
    return ["" for _ in rows[: end + 1]] + [*rows[end + 1 :]]


def plain_heading(text: str) -> str:
    """The text of a heading without inline markup."""
    return " ".join(_MARKUP.sub("", text).split()).lower()
