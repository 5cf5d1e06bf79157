"""Check conservatively whether a requirement allows a locked version.

Only plain releases are compared. Anything else counts as allowed, so that no lock is
reported as outdated by mistake.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import zip_longest

_PLAIN = re.compile(r"v?(\d+(?:\.\d+)*)")
_CLAUSE = re.compile(r"(===|==|~=|!=|<=|>=|<|>)\s*([^\s,;]+)")
_Release = tuple[int, ...]


def allows(ranges: str, version: str) -> bool:
    """Whether a range such as ``>=1.2,<2`` allows a version."""
    release = _release(version)
    if release is None:
        return True
    return all(
        _holds(operator, limit, release) for operator, limit in _CLAUSE.findall(ranges)
    )


def plain_range(text: str) -> str:
    """Convert a range in the syntax of poetry, pipenv or conda."""
    text = text.strip()
    if text.startswith(("^", "~")) and not text.startswith("~="):
        return f">={text[1:].strip()}"
    if re.fullmatch(r"[\d.]+(\.\*)?", text):
        return f"=={text}"
    return text if _CLAUSE.match(text) and "|" not in text else ""


def _release(text: str) -> _Release | None:
    match = _PLAIN.fullmatch(text)
    return tuple(map(int, match.group(1).split("."))) if match else None


def _holds(operator: str, limit: str, release: _Release) -> bool:
    if limit.endswith(".*") and operator in ("==", "!="):
        prefix = _release(limit[:-2])
        if prefix is None:
            return True
        within = _padded(release, prefix)[0][: len(prefix)] == prefix
        return within is (operator == "==")
    bound = _release(limit)
    if bound is None:
        return True
    left, right = _padded(release, bound)
    if operator == "~=":
        return left >= right and left[: len(bound) - 1] == bound[:-1]
    return _COMPARE[operator](left, right)


def _padded(left: _Release, right: _Release) -> tuple[_Release, _Release]:
    pairs = list(zip_longest(left, right, fillvalue=0))
    return tuple(a for a, _ in pairs), tuple(b for _, b in pairs)


_COMPARE: dict[str, Callable[[_Release, _Release], bool]] = {
    "==": lambda left, right: left == right,
    "===": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<=": lambda left, right: left <= right,
    ">=": lambda left, right: left >= right,
    "<": lambda left, right: left < right,
    ">": lambda left, right: left > right,
}
