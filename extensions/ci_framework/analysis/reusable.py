"""Which reusable workflows are a whole CI, by what they are called."""

from __future__ import annotations

import re

__all__ = ["is_whole_ci"]

_WHOLE = re.compile(
    r"(^|[^a-z])(ci|tests?|tox|nox|pytest|quality|checks?|lint|build-and-test|gate)"
    r"([^a-z]|$)"
)
_PART = re.compile(
    r"publish|release|docs|codeql|stale|label|lock|changelog|deploy|wheel|dependab|scan"
)


def is_whole_ci(uses: str) -> bool:
    """Whether a job calls the CI of another repository."""
    if not uses or uses.startswith("./"):
        return False
    name = uses.split("@", maxsplit=1)[0].rsplit("/", 1)[-1].lower()
    return _WHOLE.search(name) is not None and _PART.search(name) is None
