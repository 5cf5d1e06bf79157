"""What is checked out, and what differs from it, as of now."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from ci_framework.applying.records import Head
from ci_framework.repository import Repository

__all__ = ["changed_files", "current_head", "missing_parents", "references"]


def current_head(repository: Repository) -> Head:
    """What is checked out now."""
    return Head(
        branch=repository.line("symbolic-ref", "--quiet", "HEAD"),
        commit=repository.line("rev-parse", "--verify", "--quiet", "HEAD^{commit}"),
    )


def missing_parents(root: Path, paths: Iterable[str]) -> list[str]:
    """The directories that have to be made for files, parents first."""
    parents = {
        parent.as_posix()
        for path in paths
        for parent in PurePosixPath(path).parents
        if parent.name
    }
    return sorted(parent for parent in parents if not (root / parent).exists())


def changed_files(repository: Repository) -> dict[str, str]:
    """Tracked files that differ from the commit, with the two letters of git."""
    rows = repository.git(
        "status",
        "--porcelain=v1",
        "-z",
        "--untracked-files=no",
        "--no-renames",
        "--ignore-submodules=dirty",
    )
    return {os.fsdecode(row[3:]): row[:2].decode() for row in rows.split(b"\0") if row}


def references(repository: Repository) -> dict[str, str]:
    """Branches and references of ours with what they name."""
    rows = repository.git(
        "for-each-ref",
        "--format=%(objectname) %(refname)",
        "refs/heads/",
        "refs/ci-framework/",
    )
    pairs = (line.split(" ", 1) for line in os.fsdecode(rows).splitlines())
    return {name: value for value, name in pairs}
