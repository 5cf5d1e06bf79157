"""Which files a project has: asked of git, or looked for where there is none."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from ci_engine.errors import ToolError
from ci_engine.processes.programs import find_program, run_program

__all__ = ["list_names", "list_tracked"]

# Never looked into when a directory is walked without the help of git.
_SKIPPED = frozenset(
    {
        ".git",
        ".venv",
        "venv",
        ".pixi",
        ".tox",
        ".nox",
        "node_modules",
        "__pycache__",
        ".mypy_cache",
        ".ruff_cache",
        ".pytest_cache",
    }
)


def list_names(root: Path, has_git: bool, output: str) -> set[str]:
    """List the paths of a project: tracked ones and untracked ones not ignored.

    Without git, every file that is not in a directory of caches or environments.

    Args:
        root: the top of the project.
        has_git: whether it is inside a git work tree.
        output: the directory of what the engine writes, which is never looked into.

    Returns:
        The paths relative to the root, with ``/``.

    Raises:
        ToolError: if git is there and cannot list the files.
    """
    if not has_git or find_program("git") is None:
        return set(_walk(root, output))
    names = _ask_git(root, "-c", "-o", "--exclude-standard")
    if not names:
        # A project inside a directory that another repository ignores.
        return set(_walk(root, output))
    return names


def list_tracked(root: Path, name: str) -> set[str]:
    """List what git tracks in a directory, or in its place, such as a link.

    Upper and lower case are the same: so they are for many file systems.

    Raises:
        ToolError: if git is there and cannot list the files.
    """
    if find_program("git") is None:
        return set()
    return _ask_git(root, "-c", "--", f":(icase){name}")


def _ask_git(root: Path, *words: str) -> set[str]:
    outcome = run_program(["git", "ls-files", "-z", *words], cwd=root, timeout=60)
    if outcome.code != 0:
        raise ToolError(
            f"git could not list the files: {outcome.tail(3)}",
            hint="run `git status` in the repository and correct what it reports",
        )
    return set(outcome.names())


def _walk(directory: Path, output: str) -> Iterator[str]:
    start = len(str(directory)) + 1
    skipped = _SKIPPED | {output}
    closed: list[str] = []

    def remember(error: OSError) -> None:
        closed.append(_with_slashes(str(error.filename)[start:]))

    for folder, folders, files in os.walk(directory, onerror=remember):
        folders[:] = [name for name in folders if name not in skipped]
        inside = f"{_with_slashes(folder[start:])}/" if folder[start:] else ""
        yield from (f"{inside}{name}" for name in files)
    yield from closed


def _with_slashes(name: str) -> str:
    return name.replace(os.sep, "/")
