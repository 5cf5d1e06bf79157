"""Match paths of a repository against patterns in .gitignore syntax.

A pattern with a slash starts at the root; one without matches in any directory.
``*``, ``?`` and ``[abc]`` stay within one name, ``**`` crosses directories, and a
trailing slash matches everything below.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import count

_SPECIAL = frozenset("*?[")
# A set may start with its closing bracket: ``[]a]``.
_SET = r"\[[!^]?(?:\][^]]*|[^]]+)\]"
_TOKENS = re.compile(rf"(\*+|\?|{_SET})")
_ANYWHERE = 0
_WHOLE = 1
_TOP = 2


def matching(path: str, patterns: Iterable[str]) -> str | None:
    """The most specific pattern that matches a path, if there is one."""
    names, others = _grouped(tuple(patterns))
    fitting = [pattern for pattern in others if _fits(path, pattern)]
    base = path.rpartition("/")[2]
    if base in names:
        fitting.append(base)
    return max(fitting, key=specificity, default=None)


@cache
def _grouped(patterns: tuple[str, ...]) -> tuple[frozenset[str], tuple[str, ...]]:
    """Divide patterns into plain names and others.

    Most are plain, and many paths are matched against the same patterns.
    """
    names = frozenset(p for p in patterns if "/" not in p and _SPECIAL.isdisjoint(p))
    return names, tuple(p for p in patterns if p not in names)


def _fits(path: str, pattern: str) -> bool:
    if not _SPECIAL.isdisjoint(pattern):
        return _compiled(pattern).fullmatch(path) is not None
    # A plain path needs no regular expression.
    location = pattern.lstrip("/")
    return path.startswith(location) if pattern.endswith("/") else path == location


def specificity(pattern: str) -> int:
    """How specific a pattern is about the location of a file.

    ``*.md`` is not specific, ``/*.md`` names the root, ``docs/`` one directory;
    ``**`` matches the whole repository, which is more specific than nothing.
    """
    if pattern == "**":
        return _WHOLE
    body = pattern.rstrip("/")
    anchored = "/" in pattern and not body.startswith("**")
    if not anchored:
        return _ANYWHERE
    names = body.lstrip("/").split("/")
    if not pattern.endswith("/"):
        names = names[:-1]
    plain = 0
    for name in names:
        if re.search(r"[*?\[]", name):
            break
        plain += 1
    return _TOP + plain


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    body = f"{pattern}**" if pattern.endswith("/") else pattern
    inner = body.lstrip("/")
    return re.compile(_translate(inner if "/" in body else f"**/{inner}"), re.DOTALL)


def _translate(pattern: str) -> str:
    """The regular expression of a pattern, without backtracking.

    The part after a ``*`` or ``**`` is matched once, at its first match: if the rest
    does not match after that, it matches after no later one.
    """
    number = count()
    *runs, last = _runs(pattern.split("/"))
    text = ""
    for position, run in enumerate(runs):
        names = "".join(f"{_translate_name(name, number)}/" for name in run)
        text += _first(f"(?:[^/]*/)*?{names}", number) if position else names
    ends = "/".join(_translate_name(name, number) for name in last) or ".+"
    return text + (f"(?:[^/]*/)*{ends}" if runs and last else ends)


def _runs(names: Sequence[str]) -> list[list[str]]:
    """The names between each ``**``."""
    runs: list[list[str]] = [[]]
    for name in names:
        if name == "**":
            runs.append([])
        else:
            runs[-1].append(name)
    return [run for place, run in enumerate(runs) if run or place in (0, len(runs) - 1)]


def _first(expression: str, number: Iterator[int]) -> str:
    """An atomic group (Python 3.10 has no ``(?>...)``)."""
    name = f"_{next(number)}"
    return f"(?=(?P<{name}>{expression}))(?P={name})"


def _translate_name(name: str, number: Iterator[int]) -> str:
    pieces = [""]
    for part in _TOKENS.split(name):
        if part.startswith("*"):
            pieces.append("")
        elif part == "?":
            pieces[-1] += "[^/]"
        elif re.fullmatch(_SET, part):
            pieces[-1] += _translate_set(part[1:-1])
        else:
            pieces[-1] += re.escape(part)
    start, *middle = pieces
    if not middle:
        return start
    last = middle.pop()
    found = (_first(f"[^/]*?{piece}", number) for piece in middle if piece)
    return f"{start}{''.join(found)}[^/]*{last}"


def _translate_set(inner: str) -> str:
    negated = inner[0] in "!^" and len(inner) > 1
    ranges = re.findall(r"(?s)(.)-(.)|(.)", inner[1:] if negated else inner)
    # A reversed range matches nothing.
    held = "".join(
        re.escape(one) if one else f"{re.escape(first)}-{re.escape(last)}"
        for first, last, one in ranges
        if one or first <= last
    )
    if negated:
        return f"[^/{held}]"
    return f"(?!/)[{held}]" if held else "(?!)"
