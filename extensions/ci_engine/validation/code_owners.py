"""Check whether changes to files that control CI need an approval."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ci_engine.configuration.reading import read_text
from ci_engine.errors import ConfigurationError
from ci_engine.project.path_patterns import matching

# GitHub's search order; only the first file counts.
LOCATIONS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
# One representative file for each; a directory is written as in CODEOWNERS.
_DECIDING = {
    ".github/workflows/ci.yml": "/.github/",
    ".github/actions/gate/action.yml": "/.github/",
    "ci-framework/engine.lock": "/ci-framework/",
    "ci-framework/project/waivers.yaml": "/ci-framework/",
    "pyproject.toml": "/pyproject.toml",
}


def without_owner(root: Path) -> list[str]:
    """The files that control CI and whose changes need no approval."""
    rules = list(_rules(root))
    return list(
        dict.fromkeys(
            shown for path, shown in _DECIDING.items() if not _owned(path, rules)
        )
    )


def _owned(path: str, rules: list[tuple[str, bool]]) -> bool:
    """The last matching pattern counts; one without an owner removes ownership."""
    fitting = [owned for pattern, owned in rules if _fits(path, pattern)]
    return bool(fitting) and fitting[-1]


def _fits(path: str, pattern: str) -> bool:
    if pattern == "*":
        return True
    # A name without a trailing slash may be a directory as well.
    wider = () if pattern.endswith(("/", "*")) else (f"{pattern}/",)
    return matching(path, [pattern, *wider]) is not None


def _rules(root: Path) -> Iterator[tuple[str, bool]]:
    file = next((root / n for n in LOCATIONS if (root / n).is_file()), None)
    if file is None:
        return
    try:
        text = read_text(file)
    except ConfigurationError:
        return
    for line in text.splitlines():
        words = line.partition("#")[0].split()
        if words:
            yield words[0], len(words) > 1
