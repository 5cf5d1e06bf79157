"""Commits made beside the work tree: no hook runs, no signature is asked for."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from ci_engine.errors import ToolError, UsageError
from ci_framework.applying.index import entries, index_information
from ci_framework.planning.plan import Change
from ci_framework.repository import Entry, Repository

__all__ = ["Author", "author_of", "commit_tree", "free_branch", "stage", "tree_with"]

_IDENTITY = ("NAME", "EMAIL", "DATE")
_FALLBACK_NAME = "ci-framework"
_FALLBACK_EMAIL = "ci-framework@users.noreply.github.com"


class Author:
    """Whose name stands in a commit.

    Attributes:
        variables: what tells git so.
        notice: what the user should know about it, empty if nothing.
    """

    def __init__(self, variables: Mapping[str, str], notice: str = "") -> None:
        """Keep both."""
        self.variables = variables
        self.notice = notice


def author_of(repository: Repository) -> Author:
    """The user, or ourselves where git knows none."""
    names = [
        f"GIT_{role}_{part}" for role in ("AUTHOR", "COMMITTER") for part in _IDENTITY
    ]
    given = {name: os.environ[name] for name in names if os.environ.get(name)}
    known = all(
        repository.try_git(
            "-c", "user.useConfigOnly=true", "var", f"GIT_{role}_IDENT", variables=given
        ).returncode
        == 0
        for role in ("AUTHOR", "COMMITTER")
    )
    if known:
        return Author(given)
    ours = {
        f"GIT_{role}_{part}": value
        for role in ("AUTHOR", "COMMITTER")
        for part, value in (("NAME", _FALLBACK_NAME), ("EMAIL", _FALLBACK_EMAIL))
    }
    return Author(
        {**ours, **given},
        f"git knows no name and address of yours: the commit carries "
        f"{_FALLBACK_NAME} <{_FALLBACK_EMAIL}>; set user.name and user.email, then "
        "`git commit --amend --reset-author --no-edit` puts yours there",
    )


def stage(
    repository: Repository, changes: Iterable[Change], workshop: Path
) -> dict[str, Entry | None]:
    """Make the objects of changed files as ``git add`` would; None: removed.

    Clean filters and line ends follow the attributes as they are afterwards, and a
    file whose CRLF is already in the index keeps it: that is why these are added
    to a copy of the index from a work tree of their own.

    Raises:
        ToolError: if git cannot do it.
    """
    tree, index = workshop / "stage", workshop / "stage-index"
    written = [change for change in changes if change.after is not None]
    result: dict[str, Entry | None] = {
        change.path: None for change in changes if change.after is None
    }
    _clear(tree)
    try:
        for change in written:
            location = tree / change.path
            location.parent.mkdir(parents=True, exist_ok=True)
            location.write_bytes(change.after or b"")
        variables = {
            "GIT_DIR": str(repository.private_directory),
            "GIT_WORK_TREE": str(tree),
            "GIT_INDEX_FILE": str(index),
        }
        tree.mkdir(parents=True, exist_ok=True)
        repository.git("read-tree", "HEAD", variables=variables)
        names = b"".join(os.fsencode(change.path) + b"\0" for change in written)
        done = repository.try_git(
            "-c",
            "core.safecrlf=false",
            "update-index",
            "--add",
            "-z",
            "--stdin",
            stdin=names,
            variables=variables,
        )
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip()
            raise ToolError(f"git cannot store the files: {said}; nothing was changed")
        rows = repository.git("ls-files", "--stage", "-z", variables=variables)
    finally:
        _clear(tree)
        index.unlink(missing_ok=True)
    blobs = dict(_blobs(rows))
    for change in written:
        result[change.path] = Entry(change.mode, blobs[change.path])
    return result


def _clear(tree: Path) -> None:
    """Remove our own staging tree, also that of a command that was killed."""
    if tree.is_dir():
        shutil.rmtree(tree)


def _blobs(rows: bytes) -> Iterable[tuple[str, str]]:
    for row in rows.split(b"\0"):
        if row:
            facts, _, name = row.partition(b"\t")
            yield os.fsdecode(name), facts.decode().split(" ")[1]


def tree_with(
    repository: Repository,
    commit: str,
    changes: Mapping[str, Entry | None],
    workshop: Path,
) -> str:
    """The tree of a commit with some entries changed."""
    index = workshop / "tree-index"
    variables = {"GIT_INDEX_FILE": str(index)}
    try:
        repository.git("read-tree", commit, variables=variables)
        repository.git(
            "update-index",
            "--add",
            "-z",
            "--index-info",
            stdin=index_information(changes, len(commit)),
            variables=variables,
        )
        return repository.git("write-tree", variables=variables).decode().strip()
    finally:
        index.unlink(missing_ok=True)


def commit_tree(
    repository: Repository, tree: str, parent: str, message: str, author: Author
) -> str:
    """Make a commit of a tree and return it."""
    done = repository.try_git(
        "-c",
        "i18n.commitEncoding=UTF-8",
        "commit-tree",
        tree,
        "-p",
        parent,
        "-F",
        "-",
        stdin=message.encode(),
        variables=author.variables,
    )
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise ToolError(f"git commit-tree failed: {said}")
    return done.stdout.decode().strip()


def free_branch(repository: Repository, wanted: str) -> str:
    """A name for a new branch that git accepts beside those there are.

    Raises:
        UsageError: if it is no name of a branch.
    """
    if repository.try_git("check-ref-format", "--branch", wanted).returncode:
        raise UsageError(
            f"found {wanted!r} as the name of a branch; allowed: what "
            "`git check-ref-format --branch` accepts",
            hint="choose another name with --branch",
        )
    rows = repository.git("for-each-ref", "--format=%(refname)", "refs/heads/")
    # Where the file system ignores case, branches that differ only there are one.
    taken = {
        name.removeprefix("refs/heads/").casefold()
        for name in os.fsdecode(rows).splitlines()
    }
    folded = wanted.casefold()
    parents = {
        folded.rsplit("/", depth)[0] for depth in range(1, folded.count("/") + 1)
    }
    if parents & taken:
        wanted = wanted.replace("/", "-")
    number = 1
    candidate = wanted
    while _clashes(candidate.casefold(), taken):
        number += 1
        candidate = f"{wanted}-{number}"
    return candidate


def _clashes(name: str, taken: Iterable[str]) -> bool:
    return any(other == name or other.startswith(f"{name}/") for other in taken)


def changed_entries(
    repository: Repository, before: str, after: str
) -> dict[str, tuple[Entry | None, Entry | None]]:
    """The entries by which two commits differ."""
    old, new = entries(repository, before), entries(repository, after)
    return {
        path: (old.get(path), new.get(path))
        for path in sorted(old.keys() | new.keys())
        if old.get(path) != new.get(path)
    }
