"""Apply a plan: one commit on a new branch, or nothing at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ci_engine.errors import UsageError
from ci_framework.applying.journal import archive_journal, clear_scratch, home
from ci_framework.applying.lock import exclusive
from ci_framework.applying.prepare import prepare
from ci_framework.applying.recover import attempt, refuse_interrupted
from ci_framework.planning.plan import Change, Plan
from ci_framework.preflight import check_ready
from ci_framework.repository import Repository

BRANCH = "ci-framework/adopt"


@dataclass(frozen=True)
class Adoption:
    """The result of applying a plan.

    Attributes:
        branch: the new branch, which is checked out now.
        original_branch: the branch before, empty if HEAD was detached.
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

    Every file is unchanged until the commit exists; from then on the journal
    records how to finish or undo the command after a kill or a power loss.
    If the name of the branch is taken, a number is added.

    Raises:
        UsageError: if the repository is not ready, the plan is out of date, or
            another command is running; nothing was written.
        ToolError: if git or the file system failed; everything was undone.
    """
    if not changes:
        raise UsageError("the plan makes no change", hint="see `ci-framework status`")
    with exclusive(home(repository)):
        refuse_interrupted(repository)
        clear_scratch(repository)
        notices = check_ready(repository, changes)
        _check_up_to_date(repository, plan, changes)
        journal, more = prepare(repository, plan, changes, (branch, message))
        if journal.earlier:
            archive_journal(repository)
        attempt(repository, journal, before=None, what="write the adoption")
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
    """Check that the files are the same as when the plan was made."""
    head = repository.commit("HEAD")
    stale = [
        change.path
        for change in changes
        if repository.read(change.path) != change.before
    ]
    if plan.base and plan.base != head:
        stale.insert(0, f"HEAD, now {head[:12]} instead of {plan.base[:12]},")
    if stale:
        raise UsageError(
            f"the plan is out of date: {', '.join(stale)} changed since",
            hint="run `ci-framework plan` again",
        )
