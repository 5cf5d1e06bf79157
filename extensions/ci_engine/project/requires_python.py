"""Parse ``requires-python``: the minor versions of Python that a project allows."""

from __future__ import annotations

import re

_CLAUSE = re.compile(r"\s*(>=|>|<=|<|==|~=|!=)\s*3(?:\.(\d+))?(\.\*|\.\d+)?\s*$")


def allows_python(requires: str, version: str) -> bool:
    """Whether ``3.12`` or the like is allowed; an unknown kind of clause allows all."""
    minor = int(version.partition(".")[2])
    return all(_fits(clause, minor) for clause in requires.split(","))


def _fits(clause: str, minor: int) -> bool:
    match = _CLAUSE.match(clause)
    if match is None or match.group(2) is None:
        return True
    operator, bound, patch = match.group(1), int(match.group(2)), match.group(3)
    # With a patch version, some releases of the minor version match, which is enough.
    some = bool(patch) and patch != ".*"
    fits = {
        ">=": minor >= bound,
        ">": minor > bound or (some and minor == bound),
        "<=": minor <= bound,
        "<": minor < bound or (some and minor == bound),
        "==": minor == bound,
        "~=": minor >= bound if not some else minor == bound,
        "!=": minor != bound or patch != ".*",
    }
    return fits[operator]
