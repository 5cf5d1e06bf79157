"""The patterns of stray files, and limits on patterns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated

import msgspec

from ci_engine.configuration.defaults import read_config
from ci_engine.configuration.value_types import Glob
from ci_engine.errors import UsageError
from ci_engine.project.path_patterns import matching

# Examples of files that must never match: a pattern that does is too broad.
_PRECIOUS = (
    ".git/config",
    ".github/workflows/ci.yml",
    ".gitignore",
    "ci-framework/ci",
    "pyproject.toml",
    "README.md",
    "AGENTS.md",
    "LICENSE",
    "a",
    "a/b",
    "src/package/module.py",
    "src/package/__init__.py",
    "src/package/py.typed",
    "tests/conftest.py",
    "tests/test_module.py",
    "docs/index.md",
    "docs/conf.py",
    *("uv.lock", "poetry.lock", "pdm.lock", "pixi.lock", "Pipfile.lock", "pylock.toml"),
    *("package-lock.json", "requirements.txt", "requirements/base.txt"),
    *("setup.py", "setup.cfg", "tox.ini", "noxfile.py", "pixi.toml", "Pipfile"),
    *("ci-framework.toml", "mkdocs.yml", "Dockerfile", "Makefile", "CHANGELOG.md"),
    *(".pre-commit-config.yaml", ".readthedocs.yaml", "SECURITY.md", "CODEOWNERS"),
)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_DRIVE = re.compile(r"[A-Za-z]:")
_LONGEST = 200


class CleanupPatterns(msgspec.Struct, frozen=True, rename="kebab"):
    """``configs/cleanup-patterns.yaml``.

    Attributes:
        patterns: files that do not belong in a repository.
        protected: files that are never removed.
        most_files: the maximum number of files removed together.
    """

    patterns: list[Glob]
    protected: list[Glob]
    most_files: Annotated[int, msgspec.Meta(ge=1)]


def read_patterns() -> CleanupPatterns:
    """Read the framework's own patterns."""
    return read_config("cleanup-patterns.yaml", CleanupPatterns)


def patterns_of_text(text: str) -> list[str]:
    """The patterns in a text, one per line or separated by commas."""
    return [part.strip() for part in re.split(r"[\n,]", text) if part.strip()]


def refuse_patterns(
    patterns: Sequence[str], protected: Sequence[str], own: Sequence[str] = ()
) -> None:
    """Refuse patterns that could remove more than stray development files.

    Args:
        patterns: the patterns from the settings or the command line.
        protected: files that are never removed.
        own: files that represent the project's code and tests.
    """
    for pattern in patterns:
        problem = _problem(pattern, protected, own)
        if problem:
            raise UsageError(
                f"cleanup: pattern {pattern!r}: {problem}",
                hint="use names and paths inside the repository, such as *.log or "
                "notes/",
            )


def _problem(pattern: str, protected: Sequence[str], own: Sequence[str]) -> str:
    parts = pattern.strip("/").split("/")
    if not pattern.strip() or not any(parts):
        return "it is empty"
    if len(pattern) > _LONGEST or _CONTROL.search(pattern):
        return "it is too long or has control characters"
    if pattern.startswith(("/", "~", "!", ":", "-")) or _DRIVE.match(pattern):
        return "it is absolute, or starts with a character that has another meaning"
    if "\\" in pattern:
        return "it has a backslash"
    if ".." in parts or "." in parts:
        return "it leads out of its directory"
    if parts[0].lower().startswith(".git"):
        return "files of git and GitHub are never removed"
    precious = (*_PRECIOUS, *own)
    fitting = next((name for name in precious if matching(name, [pattern])), "")
    if fitting:
        return f"it is so broad that it matches {fitting}"
    named = next(
        (each for each in protected if each.rstrip("/") == pattern.rstrip("/")), ""
    )
    return f"{named} is protected" if named else ""
