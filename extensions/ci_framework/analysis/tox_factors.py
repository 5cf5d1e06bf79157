"""Find the lines of a tox setting for its fullest environment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import product

_CONDITION = re.compile(r"^(!?[\w{},.!-]+):\s+(.+)$")
# Factors of experimental environments, which are not the usual ones.
_UNSTABLE = re.compile(r".*(main|master|dev|latest|nightly|lowest|oldest|min|pypy).*")
_PYTHON = re.compile(r"(^|-)(py|python)?3?[.\d]*(-|$)")
_MOST = 2_000


def lines_of_fullest(lines: Iterable[str], envlist: str) -> list[str]:
    """The lines for the test environment with most conditional lines.

    A line such as ``django52,mongo: Pillow`` is for environments with a factor.
    If no environment has any of them, only unconditional lines are returned.
    """
    rows = [row.strip() for row in lines]
    names = [name for name in _expanded(envlist) if _PYTHON.search(name)]
    stable = [name for name in names if not _UNSTABLE.fullmatch(name)] or names
    chosen = [list(_for(rows, name.split("-"))) for name in stable]
    # Of equally full environments, the last one is usually the newest.
    return max(reversed(chosen), key=len, default=list(_for(rows, [])))


def _for(rows: Iterable[str], factors: list[str]) -> Iterator[str]:
    for row in rows:
        found = _CONDITION.match(row)
        if found is None or "://" in found.group(1):
            yield row
        elif any(_holds(term, factors) for term in _expanded(found.group(1))):
            yield found.group(2).strip()


def _holds(term: str, factors: list[str]) -> bool:
    return all(
        (part[1:] not in factors) if part.startswith("!") else part in factors
        for part in term.split("-")
    )


def _expanded(text: str) -> Iterator[str]:
    """Expand a list of names with braces for alternatives."""
    for name in re.findall(r"(?:\{[^{}]*\}|[^\s,{}])+", text):
        parts = re.split(r"\{([^{}]*)\}", name)
        choices = [
            [part] if index % 2 == 0 else [word.strip() for word in part.split(",")]
            for index, part in enumerate(parts)
        ]
        for number, chosen in enumerate(product(*choices)):
            if number < _MOST:
                yield "".join(chosen)
