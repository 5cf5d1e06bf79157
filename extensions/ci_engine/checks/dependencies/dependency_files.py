"""Read all dependency files of a repository, and list those that cannot be read.

A lock that is broken, belongs to another project, or lacks a requirement of the
manifest beside it is a problem, because the locked dependencies are then unknown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ci_engine.checks.dependencies.dependency_tree import (
    CONDA,
    OPTIONAL,
    DependencyTree,
    read_tree,
)
from ci_engine.checks.dependencies.file_kinds import LockKind, is_manifest
from ci_engine.checks.dependencies.gathered_packages import Gathered
from ci_engine.checks.dependencies.inventory import Dependencies, join, name_of
from ci_engine.checks.dependencies.lock_freshness import Lock, problem_of
from ci_engine.configuration.tables import text
from ci_engine.project.repository import Project, normalize, printable

# Requirements files that list the project's own dependencies.
_MAIN = ("requirements.txt", "requirements.in")


def read_lock(
    project: Project, excluded: Sequence[str] = (), test_paths: Sequence[str] = ()
) -> Dependencies:
    """Read all dependency files; nothing of the project is executed.

    Args:
        project: the repository.
        excluded: patterns of files that the settings exclude.
        test_paths: directories whose locks may be broken on purpose.
    """
    tree = read_tree(project, excluded, test_paths)
    parts = [gathered.all() for gathered in _fitting_locks(tree)]
    _check_hashed_requirements(tree)
    parts += [rows.gathered.all() for rows in tree.rows.values()]
    found = join(part for part in parts if part.audited or part.others)
    unknown, needed = _left_open(tree, anything_pinned=bool(found.audited))
    foreign = [f"{printable(n)} ({k})" for (_, k), (_, n) in tree.foreign.items()]
    return replace(
        found,
        source=found.source or "the repository",
        unknown=(*found.unknown, *unknown),
        unread=(*tree.unread, *sorted(foreign)),
        problems=tuple(tree.problems),
        open=() if tree.problems else tuple(needed),
    )


def _fitting_locks(tree: DependencyTree) -> Iterator[Gathered]:
    """The locks that could be read and fit, and a problem for each that does not."""
    for directory, locks in tree.locks.items():
        for lock in locks:
            if lock.gathered is None:
                continue
            yield lock.gathered
            if lock.kind.partial and len(locks) > 1:
                continue
            root = tree.project.root / directory
            problem = problem_of(lock, root, tree.document(directory))
            if problem:
                tree.refuse(lock.name, problem)
            for member in _members(tree, directory, lock.gathered):
                root = tree.project.root / member
                problem = problem_of(lock, root, tree.document(member))
                if problem:
                    tree.refuse(lock.name, problem)


def _members(tree: DependencyTree, directory: str, gathered: Gathered) -> Iterator[str]:
    """The directories of other projects that a lock covers."""
    for name in tree.rows:
        below, _, base = name.rpartition("/")
        if base == "pyproject.toml" and below != directory:
            own = normalize(text(tree.document(below), "project", "name"))
            if own in gathered.owners:
                yield below


def _check_hashed_requirements(tree: DependencyTree) -> None:
    """Treat requirements with hashes as a lock if there is no other one."""
    for name, rows in tree.rows.items():
        directory, _, base = name.rpartition("/")
        if rows.hashed and base == "requirements.txt" and directory not in tree.locks:
            refresh = f"run `uv pip compile --generate-hashes pyproject.toml -o {base}`"
            kind = LockKind("requirements.txt", lambda _p, n: Gathered(n), refresh)
            lock = Lock(kind, name, refresh, _pinned_beside(tree, directory))
            root = tree.project.root / directory
            problem = problem_of(lock, root, tree.document(directory))
            if problem:
                tree.refuse(name, problem)


def _pinned_beside(tree: DependencyTree, directory: str) -> Gathered:
    """What all requirements files in a directory pin together."""
    joined = Gathered(directory)
    for name, rows in tree.rows.items():
        if name.rpartition("/")[0] == directory:
            joined.audited |= rows.gathered.audited
            joined.others |= rows.gathered.others
    return joined


def _left_open(
    tree: DependencyTree, *, anything_pinned: bool
) -> tuple[list[str], list[str]]:
    """The requirements that nothing pins, and those of them that are needed."""
    unknown: dict[str, str] = {}
    needed: list[str] = []
    pins: dict[str, frozenset[str]] = {}
    for name, rows in tree.rows.items():
        directory, _, base = name.rpartition("/")
        if directory not in pins:
            pins[directory] = _pinned_above(tree, directory)
        pinned = pins[directory]
        for row in rows.open:
            package = name_of(row)
            if package in pinned or package in unknown:
                continue
            conda = row.endswith(CONDA)
            why = "conda-only" if conda else f"not pinned in {printable(name)}"
            unknown[package] = f"{package} ({why})"
            main = is_manifest(base) or base in _MAIN or not anything_pinned
            # Without pins, groups and extras are all that is known of the project.
            optional = row.endswith(OPTIONAL) and anything_pinned
            if not directory and main and not conda and not optional:
                needed.append(row.removesuffix(OPTIONAL))
    if any(text.startswith("setup.py (computes") for text in tree.unread):
        # Only an environment shows its requirements.
        needed.append("setup.py")
    return list(unknown.values()), needed


def _pinned_above(tree: DependencyTree, directory: str) -> frozenset[str]:
    """The packages that are locked or pinned in a directory and its parents."""
    above = {directory}
    while directory:
        directory = directory.rpartition("/")[0]
        above.add(directory)
    names: set[str] = set()
    for each in above:
        for lock in tree.locks.get(each, []):
            names |= lock.names
    for name, rows in tree.rows.items():
        if name.rpartition("/")[0] in above:
            names |= rows.gathered.all().names
    return frozenset(names)
