"""The files of the repository by their names, links apart from files."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ci_engine.errors import ToolError
from ci_engine.project import Project
from ci_engine.run import find_program, run_program

__all__ = ["Tree", "read_tree"]

# The engine and what belongs to it are no packages of the project.
_FRAMEWORK = "ci-framework/"


@dataclass(frozen=True)
class Tree:
    """What lies in a repository.

    Attributes:
        root: its top.
        files: the names of its files, relative to the top with ``/``.
        links: the links, each with what it leads to: a name inside of the repository,
            or empty if that is nothing or elsewhere.
    """

    root: Path
    files: tuple[str, ...]
    links: dict[str, str]


def read_tree(project: Project) -> Tree:
    """List the files of a repository, those that git ignores left out.

    Raises:
        ToolError: if git is there and cannot list the files.
    """
    root = Path(os.path.realpath(project.root))
    files: list[str] = []
    links: dict[str, str] = {}
    for name in sorted(set(_names(project))):
        if name.startswith(_FRAMEWORK):
            continue
        try:
            # Quicker than a Path for each of ten thousand names.
            mode = os.lstat(f"{project.root}/{name}").st_mode
        except OSError:
            continue
        if stat.S_ISLNK(mode):
            links[name] = _target(root, name)
        elif stat.S_ISREG(mode):
            files.append(name)
    return Tree(project.root, tuple(files), links)


def _names(project: Project) -> Iterable[str]:
    if not project.has_git or find_program("git") is None:
        return (path.relative_to(project.root).as_posix() for path in project.files)
    command = ["git", "ls-files", "-z", "-c", "-o", "--exclude-standard"]
    outcome = run_program(command, cwd=project.root, timeout=60)
    if outcome.code != 0:
        raise ToolError(
            f"git could not list the files: {outcome.tail(3)}",
            next_step="run `git status` in the repository and correct what it reports",
        )
    names = outcome.names()
    if not names:
        return (path.relative_to(project.root).as_posix() for path in project.files)
    return names


def _target(root: Path, name: str) -> str:
    target = Path(os.path.realpath(root / name))
    if not target.exists() or not target.is_relative_to(root) or target == root:
        return ""
    return target.relative_to(root).as_posix()
