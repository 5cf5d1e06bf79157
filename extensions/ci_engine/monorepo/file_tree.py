"""The files of the repository by name, with links listed separately."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from ci_engine.project.repository import Project

# The engine and its files are not packages of the project.
_FRAMEWORK = "ci-framework/"


class Tree(msgspec.Struct, frozen=True):
    """The files and links of a repository.

    Attributes:
        files: the names of its files, relative to the root with ``/``.
        links: the links with their targets: a name inside the repository, or empty
            if the target is missing or elsewhere.
    """

    root: Path
    files: tuple[str, ...]
    links: dict[str, str]


def read_tree(project: Project) -> Tree:
    """List the files of a repository, except those that git ignores."""
    root = Path(os.path.realpath(project.root))
    ours = [name for name in project.names if not name.startswith(_FRAMEWORK)]
    links = {name: _target(root, name) for name in ours if name in project.links}
    files = tuple(
        name
        for name in project.file_names
        if name not in links and not name.startswith(_FRAMEWORK)
    )
    return Tree(project.root, files, links)


def _target(root: Path, name: str) -> str:
    target = Path(os.path.realpath(root / name))
    if not target.exists() or not target.is_relative_to(root) or target == root:
        return ""
    return target.relative_to(root).as_posix()
