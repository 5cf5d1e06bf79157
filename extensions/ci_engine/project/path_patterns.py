"""Match paths of a repository against patterns, the way .gitignore writes them.

A pattern with a slash starts at the top; one without fits a name in any directory.
``*``, ``?`` and ``[abc]`` stay within one name, ``**`` crosses directories, and a
slash at the end stands for everything below.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

_SPECIAL = frozenset("*?[")
_ANYWHERE = 0
_WHOLE = 1
_TOP = 2


def matching(path: str, patterns: Iterable[str]) -> str | None:
    """The pattern that fits a path, the most specific one if several do."""
    fitting = [pattern for pattern in patterns if _fits(path, pattern)]
    return max(fitting, key=specificity, default=None)


def _fits(path: str, pattern: str) -> bool:
    if not _SPECIAL.isdisjoint(pattern):
        return _compiled(pattern).fullmatch(path) is not None
    # Most patterns are plain names, which need no expression to be made of them.
    if "/" not in pattern:
        return path.rpartition("/")[2] == pattern
    location = pattern.lstrip("/")
    return path.startswith(location) if pattern.endswith("/") else path == location


def specificity(pattern: str) -> int:
    """How much a pattern says about the place of a file.

    ``*.md`` says nothing, ``/*.md`` names the top, ``docs/`` names one directory;
    ``**`` stands for the whole repository, which is more than nothing.
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
    text = _translate(body.lstrip("/"))
    return re.compile(text if "/" in body else f"(?:.*/)?{text}", re.DOTALL)


def _translate(pattern: str) -> str:
    names = pattern.split("/")
    text = ""
    for position, name in enumerate(names):
        last = position == len(names) - 1
        if name != "**":
            text += _translate_name(name) + ("" if last else "/")
        elif last:
            text += ".+"
        elif names[position - 1] != "**" or not position:
            text += "(?:.*/)?"
    return text


def _translate_name(name: str) -> str:
    text = ""
    for part in re.split(r"(\*+|\?|\[[^]]+\])", name):
        if part.startswith("*"):
            text += "[^/]*"
        elif part == "?":
            text += "[^/]"
        elif part.startswith("[") and part.endswith("]"):
            text += _translate_set(part[1:-1])
        else:
            text += re.escape(part)
    return text


def _translate_set(inner: str) -> str:
    negated = inner.startswith("!") and len(inner) > 1
    escaped = re.sub(r"([\[^&~|])", r"\\\1", inner[1:] if negated else inner)
    return f"[^/{escaped}]" if negated else f"[{escaped}]"
