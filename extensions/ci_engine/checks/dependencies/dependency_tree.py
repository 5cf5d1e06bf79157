"""Find and read the dependency files of a repository."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import msgspec

from ci_engine.checks.dependencies.declared_requirements import (
    ComputedError,
    environment_rows,
    manifest_rows,
    pipfile_rows,
    setup_cfg_rows,
    setup_py_rows,
)
from ci_engine.checks.dependencies.file_kinds import (
    LockKind,
    foreign_rank,
    is_manifest,
    is_requirements,
    lock_kind,
)
from ci_engine.checks.dependencies.lock_freshness import Lock
from ci_engine.checks.dependencies.requirement_files import (
    RequirementRows,
    read_requirements,
    read_rows,
)
from ci_engine.checks.sources import is_below, is_framework_file
from ci_engine.configuration.reading import Table, read_toml
from ci_engine.errors import ConfigurationError
from ci_engine.project.path_patterns import matching
from ci_engine.project.repository import Project, printable

# Unpinned requirements, without those that the project always needs from PyPI.
CONDA, OPTIONAL = " # conda", " # optional"
_LARGEST = 50_000_000
_UNREADABLE = (ConfigurationError, msgspec.DecodeError, OSError)


@dataclass
class DependencyTree:
    """The content of the repository's dependency files, as read so far.

    Attributes:
        locks: the locks by directory.
        rows: the requirements of each other file.
        foreign: the best file of each directory and language that is not supported.
        named: files that requirements files include and that have unusual names.
    """

    project: Project
    test_paths: Sequence[str]
    locks: dict[str, list[Lock]] = field(default_factory=dict[str, list[Lock]])
    rows: dict[str, RequirementRows] = field(default_factory=dict[str, RequirementRows])
    foreign: dict[tuple[str, str], tuple[int, str]] = field(
        default_factory=dict[tuple[str, str], tuple[int, str]]
    )
    unread: list[str] = field(default_factory=list[str])
    named: set[str] = field(default_factory=set[str])
    problems: list[str] = field(default_factory=list[str])

    def refuse(self, name: str, problem: str) -> None:
        """Record an unreadable file; files of tests may be broken on purpose."""
        text = printable(problem)
        if is_below(name, self.test_paths):
            self.unread.append(f"{printable(name)} ({text})")
        else:
            self.problems.append(text)

    def document(self, directory: str) -> Table:
        """The pyproject.toml of a directory, empty if there is none."""
        if not directory:
            return self.project.pyproject
        path = self.project.root / directory / "pyproject.toml"
        try:
            return read_toml(path) if path.is_file() else {}
        except ConfigurationError:
            # The error is reported where the file is read as a manifest.
            return {}


def read_tree(
    project: Project, excluded: Sequence[str], test_paths: Sequence[str]
) -> DependencyTree:
    """Read every dependency file that no pattern excludes."""
    tree = DependencyTree(project, test_paths)
    for name in _names(project):
        if matching(name, excluded) is None and not is_framework_file(name):
            _read(tree, name)
    _read_included(tree, excluded)
    return tree


def _read_included(tree: DependencyTree, excluded: Sequence[str]) -> None:
    """Read requirements files that others include, whatever their names."""
    waiting = list(tree.rows)
    while waiting:
        name = waiting.pop()
        for included, target in _included(tree, name):
            if target in tree.rows or target in tree.named:
                continue
            tree.named.add(target)
            path = tree.project.root / target
            outside = "://" in included or target.startswith(("..", "/"))
            if matching(target, excluded) is not None:
                continue
            if outside or not os.path.lexists(path):
                by = printable(name)
                tree.unread.append(f"{printable(included)} (named by {by})")
            elif reason := _unreadable(tree.project, path):
                tree.refuse(target, f"{target}: {reason}")
            else:
                _read_list(tree, target, path, manifest=False)
                waiting.append(target)


def _included(tree: DependencyTree, name: str) -> list[tuple[str, str]]:
    """The path of an included file, and where it is included."""
    rows = tree.rows.get(name)
    directory = PurePosixPath(name).parent
    return [
        (each, os.path.normpath(directory / each).replace(os.sep, "/"))
        for each in (rows.included if rows else [])
    ]


def _names(project: Project) -> list[str]:
    """All tracked files, and locks at the root that git ignores."""
    ignored = {
        path.name for path in project.root.glob("*") if lock_kind(path.name) is not None
    }
    return sorted({*project.names, *ignored})


def _read(tree: DependencyTree, name: str) -> None:
    """Read a file if it is a dependency file."""
    directory, _, base = name.rpartition("/")
    kind, foreign = lock_kind(base), foreign_rank(base)
    if foreign is not None:
        rank, language = foreign
        key = (directory, language)
        tree.foreign[key] = min(tree.foreign.get(key, (rank, name)), (rank, name))
        return
    manifest = is_manifest(base)
    if kind is None and not manifest and not is_requirements(name):
        return
    path = tree.project.root / name
    reason = _unreadable(tree.project, path)
    if reason:
        tree.refuse(name, f"{name}: {reason}")
    elif kind is not None:
        _read_lock(tree, kind, directory, name)
    else:
        _read_list(tree, name, path, manifest=manifest)


def _unreadable(project: Project, path: Path) -> str:
    real = Path(os.path.realpath(path))
    if not real.is_relative_to(os.path.realpath(project.root)):
        return "a link out of the repository"
    try:
        size = real.stat().st_size
    except OSError as error:
        return error.strerror or "cannot be read"
    if not real.is_file():
        return "no regular file"
    return "too large" if size > _LARGEST else ""


def _read_lock(tree: DependencyTree, kind: LockKind, directory: str, name: str) -> None:
    refresh = f"run `{kind.refresh.format(name=PurePosixPath(name).name)}`"
    try:
        gathered = kind.read(tree.project.root / name, name)
    except _UNREADABLE as error:
        reason = " ".join(str(error).removeprefix(f"{Path(name).name}: ").split())
        tree.refuse(name, f"{name}: {reason or 'empty'}; {refresh}")
        # The file exists, but has no requirements.
        gathered = None
    lock = Lock(kind, name, refresh, gathered)
    tree.locks.setdefault(directory, []).append(lock)


def _read_list(tree: DependencyTree, name: str, path: Path, *, manifest: bool) -> None:
    """Read a manifest or a requirements file."""
    try:
        if manifest:
            tree.rows[name] = _manifest_rows(path, name)
        else:
            tree.rows[name] = read_requirements(path, name)
            _note_sources(tree, name)
    except ComputedError:
        tree.unread.append(f"{printable(name)} (computes what it requires)")
    except _UNREADABLE as error:
        tree.refuse(name, f"{name}: {str(error).removeprefix(f'{path.name}: ')}")


def _note_sources(tree: DependencyTree, name: str) -> None:
    """Note the other indexes and local files of a requirements file."""
    tree.unread += [
        f"{printable(source)} (named by {printable(name)})"
        for source in tree.rows[name].sources
    ]


_MANIFEST_READERS: dict[str, Callable[[Path], list[str]]] = {
    "setup.cfg": setup_cfg_rows,
    "setup.py": setup_py_rows,
    "Pipfile": pipfile_rows,
}


def _manifest_rows(path: Path, name: str) -> RequirementRows:
    reader = _MANIFEST_READERS.get(path.name)
    if reader is not None:
        return read_rows(reader(path), name)
    if path.name == "pyproject.toml":
        needed, optional = manifest_rows(read_toml(path))
        found, more = read_rows(needed, name), read_rows(optional, name)
        found.gathered.audited |= more.gathered.audited
        found.open += [f"{row}{OPTIONAL}" for row in more.open]
        return found
    conda, pip = environment_rows(path)
    found = read_rows(pip, name)
    # A conda package may differ from the PyPI distribution with the same name.
    found.open += [f"{row}{CONDA}" for row in conda]
    return found
