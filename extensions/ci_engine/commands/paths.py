"""Paths from the command line, relative to the root of the repository."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ci_engine.configuration.surroundings import Surroundings
from ci_engine.errors import UsageError


def split_lines(text: str) -> list[str]:
    """The lines of a text that are not blank: inputs of workflows are text."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def relative_to_root(paths: Sequence[str], surroundings: Surroundings) -> list[str]:
    """Make paths relative to the repository's root, where the tools run.

    Raises:
        UsageError: for a file that is missing or outside of the repository.
    """
    root = surroundings.repository
    named: list[str] = []
    for path in paths:
        file, separator, test = path.partition("::")
        absolute = surroundings.directory / file
        if not absolute.exists():
            absolute = root / file
        if not absolute.exists():
            raise UsageError(f"{path}: no such file", hint="correct the path")
        if not absolute.resolve().is_relative_to(root):
            raise UsageError(
                f"{path}: not in this repository", hint=f"name a file below {root}"
            )
        lexical = Path(os.path.normpath(absolute))
        inside = lexical if lexical.is_relative_to(root) else absolute.resolve()
        file = inside.relative_to(root).as_posix()
        named.append(f"{file}{separator}{test}")
    return named


def relative_directory(directory: Path, surroundings: Surroundings) -> str:
    """A directory for a message: relative to the repository's root if inside."""
    root = surroundings.repository
    inside = directory.is_relative_to(root)
    return (directory.relative_to(root) if inside else directory).as_posix()


def inside_package(paths: Sequence[str], prefix: str, package: str) -> list[str]:
    """Make paths relative to the directory of a package."""
    for path in paths:
        if not path.startswith(prefix):
            raise UsageError(
                f"{path}: not a file of the package {package}",
                hint=f"name files below {prefix}",
            )
    return [path.removeprefix(prefix) for path in paths]
