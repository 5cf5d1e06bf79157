"""Check that files may be written to the repository, before any is written.

A shallow clone is sufficient: an adoption, its rollback and ``copier update`` only need
the commit that is checked out, and our refs keep it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ci_engine.errors import UsageError
from ci_framework.applying.locations import Refusal, ignore_rules, refuse_locations
from ci_framework.planning.plan import Change
from ci_framework.repository import Repository

# Files in the git directory while a command is under way, and how to end it.
_UNDER_WAY = (
    ("MERGE_HEAD", "a merge", "git merge --continue` or `git merge --abort"),
    (
        "CHERRY_PICK_HEAD",
        "a cherry-pick",
        "git cherry-pick --continue` or `git cherry-pick --abort",
    ),
    ("REVERT_HEAD", "a revert", "git revert --continue` or `git revert --abort"),
    ("rebase-apply/applying", "git am", "git am --continue` or `git am --abort"),
    ("rebase-apply", "a rebase", "git rebase --continue` or `git rebase --abort"),
    ("rebase-merge", "a rebase", "git rebase --continue` or `git rebase --abort"),
    ("sequencer", "a sequence of picks", "git status"),
    ("BISECT_LOG", "a bisection", "git bisect reset"),
)
_SHOWN = 10
# An adoption with its journal and reserve needs about a tenth of this.
_LEAST_SPACE = 16 * 1024 * 1024


@dataclass(frozen=True)
class Readiness:
    """What prevents changes, and notes for the user.

    Attributes:
        refusals: why nothing may be written; empty if it may.
        notices: notes for the user.
    """

    refusals: list[Refusal]
    notices: list[str]


def check_ready(repository: Repository, changes: Sequence[Change]) -> list[str]:
    """Check that changes can be written, and return notes for the user.

    Raises:
        UsageError: if they cannot, with every reason.
    """
    readiness = look(repository, changes)
    _raise(readiness.refusals)
    return readiness.notices


def check_state(repository: Repository) -> None:
    """Check that no other command of git is under way.

    Raises:
        UsageError: if one is, with every reason.
    """
    _raise(list(_state(repository)))


def check_repository(repository: Repository) -> None:
    """Check that anything can be written at all, before planning.

    Raises:
        UsageError: if nothing can, with every reason.
    """
    _raise(_in_the_way(repository))


def check_commit(repository: Repository) -> None:
    """Check that there is a commit, because only tracked files are analyzed.

    Raises:
        UsageError: if there is none.
    """
    _raise(list(_unborn(repository)))


def look(repository: Repository, changes: Sequence[Change]) -> Readiness:
    """Find everything that prevents changes."""
    refusals = _in_the_way(repository)
    if not repository.head:
        return Readiness(refusals, [])
    refusals += refuse_locations(repository, changes)
    return Readiness(refusals, _ignored(repository, changes))


def _in_the_way(repository: Repository) -> list[Refusal]:
    """What prevents any change."""
    repository.forget()
    refusals = [*_state(repository), *_full(repository)]
    # Without a commit everything else is unknown.
    if repository.head:
        refusals += _detached(repository)
        refusals += _dirty(repository)
        refusals += _sparse(repository)
    return refusals


def _raise(refusals: Sequence[Refusal]) -> None:
    if not refusals:
        return
    if len(refusals) == 1:
        only = refusals[0]
        raise UsageError(f"{only.found}: expected {only.expected}", hint=only.hint)
    rows = "\n".join(f"  - {item}" for item in refusals)
    raise UsageError(
        f"{len(refusals)} problems, and nothing was written:\n{rows}",
        hint="follow each of the steps above, then run the command again",
    )


def _state(repository: Repository) -> Iterator[Refusal]:
    """Git commands under way, or a repository without a commit."""
    directory = repository.private_directory
    for name, what, way_out in _UNDER_WAY:
        if (directory / name).exists():
            expected = "a repository without an operation in progress"
            yield Refusal(f"{what} under way", expected, f"`{way_out}`")
            break
    lock = directory / "index.lock"
    if lock.exists():
        step = f"wait until it has ended; if no git is running, remove {lock}"
        yield Refusal(f"{lock}: another git is at work", "a free index", step)
    unmerged = repository.try_git("ls-files", "--unmerged", "-z").stdout
    names = {os.fsdecode(row.partition(b"\t")[2]) for row in unmerged.split(b"\0")}
    names.discard("")
    if names:
        found = f"unmerged files: {_list(names)}"
        yield Refusal(found, "files without conflicts", "resolve and commit them")
    yield from _unborn(repository)
    if not os.access(directory, os.W_OK) or not os.access(repository.root, os.W_OK):
        found = f"no permission to write to {repository.root} and its git directory"
        yield Refusal(found, "a repository you may write to", "change its permissions")


def _unborn(repository: Repository) -> Iterator[Refusal]:
    if not repository.commit("HEAD"):
        step = "`git add --all && git commit`"
        yield Refusal("no commit yet", "a repository with a first commit", step)


def _full(repository: Repository) -> Iterator[Refusal]:
    for location in (repository.root, repository.private_directory):
        free = shutil.disk_usage(location).free
        if free < _LEAST_SPACE:
            found = f"{location}: {free // 1024} KiB of disk space are free"
            expected = f"at least {_LEAST_SPACE // 1024 // 1024} MiB"
            yield Refusal(found, expected, "free disk space")
            return


def _detached(repository: Repository) -> Iterator[Refusal]:
    """A detached HEAD is allowed if something else keeps its commits."""
    if repository.branch:
        return
    holders = repository.line(
        "for-each-ref",
        "--count=1",
        f"--contains={repository.head}",
        "--format=%(refname)",
        "refs/heads/",
        "refs/remotes/",
        "refs/tags/",
    )
    if not holders:
        found = f"a detached HEAD at {repository.head[:12]} that no branch or tag holds"
        step = "`git switch -c NAME`, so that these commits cannot get lost"
        yield Refusal(found, "a branch, or a commit that one holds", step)


def _dirty(repository: Repository) -> Iterator[Refusal]:
    names = repository.changed_files()
    if names:
        found = f"uncommitted changes: {_list(names)}"
        step = "`git commit` them, or `git stash` and afterwards `git stash pop`"
        yield Refusal(found, "tracked files as in the last commit", step)


def _sparse(repository: Repository) -> Iterator[Refusal]:
    if repository.line("config", "--bool", "core.sparseCheckout") == "true":
        found = "a sparse checkout: files of the project are not there to be looked at"
        step = "`git sparse-checkout disable`"
        yield Refusal(found, "a work tree with all its files", step)


def _ignored(repository: Repository, changes: Iterable[Change]) -> list[str]:
    """New files that the project's rules would ignore.

    They are still committed and stay tracked, but the user should know.
    """
    new = [change.path for change in changes if change.before is None]
    rules = ignore_rules(repository, new)
    return [
        f"{path} is ignored by {rule}: it is committed explicitly and stays tracked"
        for path, rule in sorted(rules.items())
    ]


def _list(names: Iterable[str]) -> str:
    ordered = sorted(names)
    more = f" and {len(ordered) - _SHOWN} more" if len(ordered) > _SHOWN else ""
    return ", ".join(ordered[:_SHOWN]) + more
