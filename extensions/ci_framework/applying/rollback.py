"""Roll an adoption back, in any process, at any time after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import msgspec

from ci_engine.errors import ToolError, UsageError
from ci_framework.applying.journal import clear_scratch, home, read_journal
from ci_framework.applying.lock import exclusive
from ci_framework.applying.records import Journal, current_head
from ci_framework.applying.recover import attempt, settle_interrupted
from ci_framework.applying.routes import Route, find_route
from ci_framework.preflight import check_state
from ci_framework.repository import Repository

# Output of the engine's commands; it ignores itself, so git never shows it.
_OUTPUT = ".ci-framework"


@dataclass(frozen=True)
class Rollback:
    """The result of a rollback.

    Attributes:
        how: branch (back on the original branch, ours deleted), revert (one commit
            undoes it), references (only our branch existed), interrupted (an
            unfinished command was undone or finished), nothing.
        branch: the branch that is checked out now, empty if HEAD is detached.
        commit: the commit that undoes it, empty if none was needed.
    """

    done: bool
    how: Literal["branch", "revert", "references", "interrupted", "nothing"]
    branch: str
    commit: str
    files: list[str]
    notices: list[str]


def rollback(repository: Repository, *, dry_run: bool = False) -> Rollback:
    """Restore the state before the adoption.

    The tree is equal to the one before, including removed files and modes; later
    changes that do not overlap are kept. ``.ci-framework/`` stays, because its files
    may have any origin; it ignores itself. Python's bytecode of our files is removed.

    Raises:
        UsageError: if nothing was ever applied, later changes overlap, or another
            command is running; nothing was touched in this case.
        ToolError: if it failed, and was undone.
    """
    if read_journal(repository) is None:
        raise UsageError(
            "no adoption in this repository's git directory",
            hint="run it in the clone in which `ci-framework apply` was run; "
            "elsewhere, `git revert` the commit of the adoption",
        )
    with exclusive(home(repository)):
        journal = read_journal(repository)
        if journal is None:
            return _nothing(repository)
        if journal.interrupted:
            if dry_run:
                return _result(repository, journal, None, done=False)
            backwards = journal.phase != "rolling-back"
            recovery = settle_interrupted(repository, journal, backwards=backwards)
            journal = recovery.journal
            if recovery.interrupted != "amendment":
                return _result(repository, journal, None)
        if not journal.in_force:
            return _nothing(repository)
        clear_scratch(repository)
        check_state(repository)
        try:
            route = find_route(repository, journal)
        except OSError as error:
            raise ToolError(
                f"cannot prepare the rollback: {error}; nothing was changed",
                hint="make the files readable, and free disk space",
            ) from error
        begun = msgspec.structs.replace(
            journal, phase="rolling-back", rollback=route.transition
        )
        if not dry_run:
            attempt(repository, begun, before=journal, what="roll the adoption back")
        return _result(repository, begun, route, done=not dry_run)


def _nothing(repository: Repository) -> Rollback:
    branch = current_head(repository).name
    return Rollback(
        done=False, how="nothing", branch=branch, commit="", files=[], notices=[]
    )


def _result(
    repository: Repository, journal: Journal, route: Route | None, *, done: bool = True
) -> Rollback:
    head = current_head(repository)
    transition = journal.rollback
    notices = list(route.notices) if route else []
    if (repository.root / _OUTPUT).is_dir():
        notices.append(
            f"{_OUTPUT}/ with the reports is left: remove it if you do not need it"
        )
    steps = transition.steps if transition else []
    return Rollback(
        done=done,
        how=route.how if route else "interrupted",
        branch=head.name,
        commit=head.commit if route and route.how == "revert" else "",
        files=[step.path for step in steps],
        notices=notices,
    )
