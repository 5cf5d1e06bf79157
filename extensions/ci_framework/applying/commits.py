"""Create commits beside the work tree, without hooks or signatures."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ci_engine.errors import UsageError
from ci_framework.applying.index import index_information
from ci_framework.planning.plan import Change
from ci_framework.repository import Entry, Repository

_IDENTITY = ("NAME", "EMAIL", "DATE")
_FALLBACK_NAME = "ci-framework"
_FALLBACK_EMAIL = "ci-framework@users.noreply.github.com"


@dataclass(frozen=True)
class Author:
    """The author of a commit.

    Attributes:
        notice: a note about it for the user, empty if there is none.
    """

    variables: Mapping[str, str]
    notice: str = ""


def author_of(repository: Repository) -> Author:
    """The user, or the companion itself if git has no user."""
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
        f"git has no user name and e-mail address, so the commit has "
        f"{_FALLBACK_NAME} <{_FALLBACK_EMAIL}>: set user.name and user.email, then "
        "run `git commit --amend --reset-author --no-edit`",
    )


def stage(
    repository: Repository, changes: Iterable[Change], directory: Path
) -> dict[str, Entry | None]:
    """Create the objects of changed files as ``git add`` would; None: removed.

    Clean filters and line ends follow the attributes after the change, and a file with
    CRLF in the index keeps it. So the files are added to a copy of the index, from a
    temporary work tree.
    """
    tree, index = directory / "stage", directory / "stage-index"
    written = [change for change in changes if change.after is not None]
    result: dict[str, Entry | None] = {
        change.path: None for change in changes if change.after is None
    }
    shutil.rmtree(tree, ignore_errors=True)
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
        words = ("-c", "core.safecrlf=false", "update-index", "--add", "-z", "--stdin")
        repository.git(*words, stdin=names, variables=variables)
        staged = repository.entries(variables=variables)
    finally:
        shutil.rmtree(tree, ignore_errors=True)
        index.unlink(missing_ok=True)
    for change in written:
        result[change.path] = Entry(change.mode, staged[change.path].blob)
    return result


def tree_with(
    repository: Repository,
    commit: str,
    changes: Mapping[str, Entry | None],
    directory: Path,
) -> str:
    """The tree of a commit with some entries changed."""
    index = directory / "tree-index"
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
    """Create a commit of a tree and return it."""
    words = ("-c", "i18n.commitEncoding=UTF-8", "commit-tree", tree, "-p", parent)
    made = repository.git(
        *words, "-F", "-", stdin=message.encode(), variables=author.variables
    )
    return made.decode().strip()


def free_branch(repository: Repository, wanted: str) -> str:
    """A valid name for a new branch that is not taken.

    Raises:
        UsageError: if it is not a valid branch name.
    """
    if repository.try_git("check-ref-format", "--branch", wanted).returncode:
        raise UsageError(
            f"--branch: expected the name of a branch, got {wanted!r}",
            hint="`git check-ref-format --branch NAME` checks a name",
        )
    # If the file system ignores case, branches that differ only in case collide.
    taken = {
        name.removeprefix("refs/heads/").casefold()
        for name in repository.references("refs/heads/")
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
