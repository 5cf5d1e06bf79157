"""Whether someone has to approve changes of what decides about a pull request."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ci_engine.configuration.reading import read_text
from ci_engine.errors import ConfigurationError
from ci_engine.project.path_patterns import matching

# Where GitHub looks, in this order; the first file counts.
LOCATIONS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
# One file for each thing that decides; a directory is named as an owner would be given.
_DECIDING = {
    ".github/workflows/ci.yml": "/.github/",
    ".github/actions/gate/action.yml": "/.github/",
    "ci-framework/engine.lock": "/ci-framework/",
    "ci-framework/project/waivers.yaml": "/ci-framework/",
    "pyproject.toml": "/pyproject.toml",
}


def without_owner(root: Path) -> list[str]:
    """What decides about a pull request, and no one has to approve a change of."""
    rules = list(_rules(root))
    return list(
        dict.fromkeys(
            shown for path, shown in _DECIDING.items() if not _owned(path, rules)
        )
    )


def _owned(path: str, rules: list[tuple[str, bool]]) -> bool:
    """The last pattern that fits counts; one without an owner takes them away."""
    fitting = [owned for pattern, owned in rules if _fits(path, pattern)]
    return bool(fitting) and fitting[-1]


def _fits(path: str, pattern: str) -> bool:
    if pattern == "*":
        return True
    # A name without a slash at its end may be a directory as well.
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
