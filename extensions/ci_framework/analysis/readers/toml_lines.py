"""Find the lines of TOML keys, which parsers do not keep."""

from __future__ import annotations

import re
from collections.abc import Iterator

Keys = tuple[str, ...]

_BARE = r"[A-Za-z0-9_-]+"
_QUOTED = r'"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\''
_PART = re.compile(rf"\s*({_BARE}|{_QUOTED})\s*")
_HEADER = re.compile(r"^\s*(\[\[?)")
# Characters that open or close something in a value, strings first.
_TOKEN = re.compile(r'"""|\'\'\'|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|\#.*|[\[\]{}]')


def toml_lines(text: str) -> dict[Keys, int]:
    """The first line of every table and key, from 1.

    Keys of inline tables are not listed; look them up with ``line_at``, which
    falls back to the line of the inline table.
    """
    lines: dict[Keys, int] = {}
    header: Keys = ()
    for number, row in _statements(text):
        opening = _HEADER.match(row)
        keys, end = _dotted(row, opening.end() if opening else 0)
        if not keys:
            continue
        if opening:
            header = keys
            _note(lines, header, number)
        elif row[end : end + 1] == "=":
            _note(lines, (*header, *keys), number)
    return lines


def _note(lines: dict[Keys, int], keys: Keys, number: int) -> None:
    for length in range(1, len(keys) + 1):
        lines.setdefault(keys[:length], number)


def _dotted(row: str, start: int) -> tuple[Keys, int]:
    """Read a dotted key, and return where it ends, without trailing space."""
    keys: list[str] = []
    while found := _PART.match(row, start):
        part = found.group(1)
        keys.append(part[1:-1] if part[0] in "\"'" else part)
        start = found.end()
        if row[start : start + 1] != ".":
            break
        start += 1
    return tuple(keys), start


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """The lines where a statement starts, not inside strings or brackets."""
    depth, quote = 0, ""
    for number, row in enumerate(text.split("\n"), 1):
        outside = depth == 0 and not quote
        if outside:
            yield number, row
        header = outside and _HEADER.match(row) is not None
        if not header:
            depth, quote = _after(row, depth, quote)


def _after(row: str, depth: int, quote: str) -> tuple[int, str]:
    """The bracket depth at the end of a line, and the open string."""
    position = 0
    while position < len(row):
        if quote:
            end = _closing(row, position, quote)
            if end < 0:
                return depth, quote
            position, quote = end, ""
            continue
        found = _TOKEN.search(row, position)
        if found is None:
            return depth, ""
        sign, position = found.group(), found.end()
        if sign in ('"""', "'''"):
            quote = sign
        elif sign in "[{":
            depth += 1
        elif sign in "]}":
            depth = max(0, depth - 1)
    return depth, quote


def _closing(row: str, start: int, quote: str) -> int:
    """The end of a multi-line string in a line, -1 if there is none."""
    position = row.find(quote, start)
    while position > 0 and quote == '"""' and _escaped(row, position):
        position = row.find(quote, position + 1)
    if position < 0:
        return -1
    end = position + len(quote)
    # One or two quotation marks may directly precede the closing ones.
    while end < len(row) and row[end] == quote[0] and end - position < len(quote) + 2:
        end += 1
    return end


def _escaped(row: str, position: int) -> bool:
    before = row[:position]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1
