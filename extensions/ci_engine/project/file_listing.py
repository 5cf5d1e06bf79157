"""List the files of a project, with git or without it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from ci_engine.errors import ToolError
from ci_engine.project.git import Git, has_git

# Directories that are skipped if git is not available.
_SKIPPED = frozenset(
    {".git", ".venv", "venv", ".pixi", ".tox", ".nox", "node_modules", "__pycache__"}
    | {".mypy_cache", ".ruff_cache", ".pytest_cache"}
)


def list_names(root: Path, output: str, *, in_work_tree: bool) -> set[str]:
    """List the paths of a project: tracked, and untracked but not ignored.

    Without git, every file that is not in a directory of caches or environments.
    """
    names: set[str] = set()
    if in_work_tree and has_git():
        names = _list_files(root, "-c", "-o", "--exclude-standard")
    # In a directory that another repository ignores, git lists none.
    names = names or set(_walk(root, output))
    clone = _clone_in(root)
    return {name for name in names if not name.startswith(clone)} if clone else names


def _clone_in(root: Path) -> str:
    """The path of the running clone of ci-framework, if it is in the project."""
    engine, top = Path(__file__).resolve().parents[2], root.resolve()
    clone = engine.parent
    is_clone = engine.name == "extensions" and (clone / "copier.yml").is_file()
    if not is_clone or clone == top or not clone.is_relative_to(top):
        return ""
    return f"{clone.relative_to(top).as_posix()}/"


def list_tracked(root: Path, name: str) -> set[str]:
    """List the tracked files in a directory, or a tracked file or link at its path.

    The comparison ignores case, as many file systems do.
    """
    if not has_git():
        return set()
    return _list_files(root, "-c", "--", f":(icase){name}")


def _list_files(root: Path, *arguments: str) -> set[str]:
    outcome = Git(root).run("ls-files", "-z", *arguments)
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
