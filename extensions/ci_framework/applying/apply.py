"""Carry out a plan: one commit on a new branch, or nothing at all."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

from ci_engine.errors import CommandError, ToolError, UsageError
from ci_framework.applying.journal import (
    archive_journal,
    clear_workshop,
    home,
    read_journal,
    take_room,
    tidy_store,
    write_journal,
)
from ci_framework.applying.prepare import prepare
from ci_framework.applying.process import exclusive
from ci_framework.applying.records import Journal
from ci_framework.applying.recover import finish, refuse_interrupted, undo
from ci_framework.planning.plan import Change, Plan
from ci_framework.preflight import check_ready
from ci_framework.repository import Repository

__all__ = ["BRANCH", "Adoption", "apply_plan"]

BRANCH = "ci-framework/adopt"


@dataclass(frozen=True)
class Adoption:
    """What applying a plan made.

    Attributes:
        branch: the new branch, which is checked out now.
        commit: the one commit on it.
        base: the commit it stands on.
        original_branch: the branch that was left, empty if HEAD was detached.
        files: the files that were written or removed, in the order of the plan.
        notices: what the user should know.
    """

    branch: str
    commit: str
    base: str
    original_branch: str
    files: list[str]
    notices: list[str]


def apply_plan(
    repository: Repository,
    plan: Plan,
    changes: Sequence[Change],
    *,
    branch: str = BRANCH,
    message: str,
) -> Adoption:
    """Write the files of a plan and commit them on a new branch.

    Every file is as before until the commit exists; from then on the journal says
    how to finish or undo what a kill or a loss of power leaves half done.

    Args:
        repository: the repository.
        plan: what is done, for the journal.
        changes: the bytes before and after.
        branch: the name of the new branch; a number is added if it is taken.
        message: the message of the commit.

    Raises:
        UsageError: if the repository is not ready, the plan is out of date, or
            another command is at work; nothing was written.
        ToolError: if git or the file system failed; everything was undone.
    """
    if not changes:
        raise UsageError(
            "found no change in the plan; allowed: a plan that changes a file",
            hint="nothing is left to do: see `ci-framework status`",
        )
    with exclusive(home(repository)):
        refuse_interrupted(repository)
        clear_workshop(repository)
        notices = check_ready(repository, changes)
        _check_up_to_date(repository, plan, changes)
        journal, more = prepare(repository, plan, changes, (branch, message))
        try:
            _open_journal(repository, journal)
            finish(repository, journal)
        except (CommandError, OSError) as error:
            raise _undone(repository, journal, error) from error
        except BaseException:
            # Interrupted from the keyboard: leave nothing half done behind.
            with contextlib.suppress(CommandError, OSError):
                _undo_written(repository, journal)
            raise
    return Adoption(
        branch=journal.branch,
        commit=journal.commit,
        base=journal.base,
        original_branch=journal.original_branch,
        files=[change.path for change in changes],
        notices=[*notices, *more],
    )


def _check_up_to_date(
    repository: Repository, plan: Plan, changes: Sequence[Change]
) -> None:
    """The plan has to be about the files as they are."""
    head = repository.line("rev-parse", "--verify", "--quiet", "HEAD")
    stale = [
        change.path
        for change in changes
        if repository.read(change.path) != change.before
    ]
    if plan.base and plan.base != head:
        stale.insert(0, f"the commit {head[:12]} instead of {plan.base[:12]}")
    if stale:
        raise UsageError(
            f"the plan is out of date: found other content in {', '.join(stale)}; "
            "allowed: the files the plan was made for",
            hint="run `ci-framework plan` again",
        )


def _open_journal(repository: Repository, journal: Journal) -> None:
    """Write the journal; that of an adoption this one follows is put aside.

    Room for the way back is taken first, and given back when it is needed.
    """
    if journal.earlier:
        archive_journal(repository)
    take_room(repository, journal.adoption)
    write_journal(repository, journal)
    tidy_store(repository)


def _undone(
    repository: Repository, journal: Journal, error: CommandError | OSError
) -> ToolError:
    """Take back what was done, and say why it could not be finished."""
    try:
        _undo_written(repository, journal)
    except (CommandError, OSError) as second:
        return ToolError(
            f"cannot write the adoption: {error}; and taking it back failed: {second}",
            hint="remove the cause, then run `ci-framework rollback`",
        )
    return ToolError(
        f"cannot write the adoption: {error}; everything is as it was before",
        hint="remove the cause, then run the command again",
    )


def _undo_written(repository: Repository, journal: Journal) -> None:
    """Undo what the journal says; where it was not written nothing was done."""
    written = read_journal(repository)
    clear_workshop(repository)
    if written is not None and written.id == journal.id:
        undo(repository, journal)
