"""Which paths a pattern matches."""

from __future__ import annotations

import random
import re
from fnmatch import fnmatchcase
from functools import cache

import pytest

from ci_engine.project.path_patterns import matching


@cache
def _fits(path: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    """The same by trying every place, name by name."""
    if not pattern:
        return not path
    name, rest = pattern[0], pattern[1:]
    if name == "**":
        if not rest:
            return bool(path)
        return any(_fits(path[start:], rest) for start in range(len(path) + 1))
    return bool(path) and fnmatchcase(path[0], name) and _fits(path[1:], rest)


def test_patterns_fit_as_if_every_place_were_tried() -> None:
    chance = random.Random(20261129)  # noqa: S311 - not for secrets
    parts = ["a", "b", "*", "*", "?", "[ab]", "[!a]", "[*]", "[b-a]", "[]a]", "[]", "."]
    for _ in range(3_000):
        names = [
            "".join(chance.choices(parts, k=chance.randint(1, 4)))
            for _ in range(chance.randint(1, 3))
        ]
        for position in range(len(names)):
            if chance.random() < 0.3:
                names[position] = "**"
        path = tuple(
            "".join(chance.choices("ab.]*", k=chance.randint(1, 4)))
            for _ in range(chance.randint(1, 4))
        )
        pattern = "/".join(names)
        # A name alone is looked for in every directory.
        wanted = tuple(names) if "/" in pattern else ("**", *names)
        plain = tuple(re.sub(r"\*+", "*", n) if n != "**" else n for n in wanted)

        found = matching("/".join(path), [pattern])

        assert (found is not None) == _fits(path, plain), (pattern, path)


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("a" * 300, "*a*a*a*a*a*a*a*a*a*a*a*a*b"),
        ("/".join("a" * 300), "**/a/**/a/**/a/**/a/**/a/**/a/**/b"),
        ("a" * 300 + "/" + "a" * 300, "**/*a*a*a*a*a*a*/*a*a*a*a*a*a*a*a*b"),
    ],
)
def test_no_pattern_takes_for_ever(path: str, pattern: str) -> None:
    assert matching(path, [pattern]) is None


@pytest.mark.parametrize(
    ("pattern", "fitting", "other"),
    [
        ("x[!a]", "xb", "xa"),
        ("x[^a]", "xb", "xa"),
        ("x[+-9]y", "x8y", "x/y"),
        (r"x[\d]", "xd", "x1"),
        ("x[]", "x[]", "x"),
    ],
)
def test_sets_are_those_of_gitignore(pattern: str, fitting: str, other: str) -> None:
    assert matching(fitting, [pattern]) == pattern
    assert matching(other, [pattern]) is None
