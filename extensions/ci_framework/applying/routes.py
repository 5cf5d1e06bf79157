"""The ways to roll an adoption back, as transitions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ci_engine.errors import UsageError
from ci_framework.applying.commits import author_of, commit_tree, tree_with
from ci_framework.applying.journal import scratch
from ci_framework.applying.merging import differences, reverse
from ci_framework.applying.records import (
    Head,
    Journal,
    Reference,
    Transition,
    current_head,
)
from ci_framework.applying.removal import settle_overlaps
from ci_framework.applying.rollback_transition import rollback_transition
from ci_framework.repository import Entry, Repository


@dataclass(frozen=True)
class Route:
    """One way to roll back.

    Attributes:
        how: branch (back to the original branch, ours is deleted), revert (one
            commit that undoes the adoption on the checked-out branch),
            or references (nothing of it is checked out: only our refs are deleted).
    """

    how: Literal["branch", "revert", "references"]
    transition: Transition
    notices: list[str]


def find_route(repository: Repository, journal: Journal) -> Route:
    """Choose the way to roll back that loses nothing.

    Raises:
        UsageError: if there is none: later changes overlap, or the adoption is not in
            this clone.
    """
    head = current_head(repository)
    own = f"refs/heads/{journal.branch}"
    if head == Head(branch=own, commit=journal.commit):
        return _leave(repository, journal, head)
    reversal = reverse(repository, journal, head.commit)
    if reversal.overlaps:
        reversal = settle_overlaps(repository, journal, head.commit, reversal)
    if reversal.overlaps:
        raise UsageError(
            f"later commits change lines of the adoption: "
            f"{', '.join(reversal.overlaps)}\n"
            f"{differences(repository, journal, head.commit, reversal.overlaps)}",
            hint="undo these changes in a commit, or remove the adoption by "
            f"hand: git revert --no-commit {journal.commit[:12]}",
        )
    if reversal.entries:
        return _revert(repository, journal, head, reversal.entries)
    return _drop(repository, journal, head)


def _leave(repository: Repository, journal: Journal, head: Head) -> Route:
    """Nothing followed: check out the original branch, and delete ours."""
    goal = _goal(repository, journal)
    old, new = repository.entries(head.commit), repository.entries(goal.commit)
    changes = {
        path: new.get(path)
        for path in sorted(old.keys() | new.keys())
        if old.get(path) != new.get(path)
    }
    own = Reference(name=head.branch, before=journal.commit, after="")
    transition = rollback_transition(repository, journal, (head, goal), changes, [own])
    return Route("branch", transition, [])


def _goal(repository: Repository, journal: Journal) -> Head:
    """The HEAD after our branch is left."""
    if not journal.original_branch:
        return Head(branch="", commit=journal.base)
    name = f"refs/heads/{journal.original_branch}"
    commit = repository.commit(name)
    if not commit:
        raise UsageError(
            f"there is no branch {journal.original_branch} any more, where the "
            "adoption started",
            hint=f"git branch {journal.original_branch} {journal.base[:12]}",
        )
    location = _checked_out(repository).get(name)
    if location is not None:
        raise UsageError(
            f"{journal.original_branch} is checked out in {location}",
            hint="switch that work tree to another branch",
        )
    return Head(branch=name, commit=commit)


def _revert(
    repository: Repository,
    journal: Journal,
    head: Head,
    changes: Mapping[str, Entry | None],
) -> Route:
    """Something followed: one new commit undoes the adoption."""
    tree = tree_with(repository, head.commit, changes, scratch(repository))
    subject = repository.line("log", "-1", "--format=%s", journal.commit)
    author = author_of(repository)
    message = (
        f'Revert "{subject}"\n\nThis removes ci-framework again, which commit '
        f"{journal.commit} brought.\n"
    )
    commit = commit_tree(repository, tree, head.commit, message, author)
    goal = Head(branch=head.branch, commit=commit)
    moved: list[Reference] = []
    if head.branch:
        moved.append(Reference(name=head.branch, before=head.commit, after=commit))
    own, notices = _own_branch(repository, journal, head)
    transition = rollback_transition(
        repository, journal, (head, goal), changes, [*moved, *own]
    )
    return Route("revert", transition, [*notices, *filter(None, [author.notice])])


def _drop(repository: Repository, journal: Journal, head: Head) -> Route:
    """Nothing of the adoption is checked out: only delete our branch."""
    own, notices = _own_branch(repository, journal, head)
    holders = repository.git(
        "for-each-ref",
        f"--contains={journal.commit}",
        "--format=%(refname:short)",
        "refs/heads/",
    )
    others = sorted(
        set(holders.decode("utf-8", "replace").split())
        - {journal.branch if own else "", head.name}
    )
    if others:
        location = _checked_out(repository).get(f"refs/heads/{others[0]}")
        step = f"git switch {others[0]}, then run the command again"
        raise UsageError(
            f"the adoption is not checked out, but it is in {', '.join(others)}",
            hint=f"run the command on {location}" if location else step,
        )
    original = f"refs/heads/{journal.original_branch}"
    if not own and journal.original_branch and head.branch != original:
        tip = repository.commit(original)
        rest = reverse(repository, journal, tip) if tip else None
        if rest is not None and (rest.entries or rest.overlaps):
            raise UsageError(
                "the adoption is not checked out, but it is in "
                f"{journal.original_branch}",
                hint=f"git switch {journal.original_branch}, then run the "
                "command again",
            )
    transition = rollback_transition(repository, journal, (head, head), {}, own)
    return Route("references", transition, notices)


def _own_branch(
    repository: Repository, journal: Journal, head: Head
) -> tuple[list[Reference], list[str]]:
    """Delete our branch with the adoption, unless someone works on it."""
    name = f"refs/heads/{journal.branch}"
    tip = repository.commit(name)
    if not tip or head.branch == name:
        return [], []
    if tip != journal.commit:
        return [], [f"the branch {journal.branch} has later commits: it is kept"]
    location = _checked_out(repository).get(name)
    if location is not None:
        return [], [f"the branch {journal.branch} is checked out in {location}: kept"]
    return [Reference(name=name, before=tip, after="")], []


def _checked_out(repository: Repository) -> dict[str, str]:
    """The branches that other work trees have checked out, with their paths."""
    found: dict[str, str] = {}
    location = ""
    # Lines, because -z is newer than some supported git; our names are plain.
    rows = repository.git("worktree", "list", "--porcelain")
    for line in rows.decode("utf-8", "replace").splitlines():
        key, _, value = line.partition(" ")
        if key == "worktree":
            location = value
        elif key == "branch" and location != str(repository.root):
            found[value] = location
    return found
