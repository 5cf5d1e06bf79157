"""Take an adoption back, in any process, at any time after it."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Literal

import msgspec

from ci_engine.errors import CommandError, ToolError, UsageError
from ci_framework.applying.journal import (
    clear_workshop,
    home,
    read_journal,
    take_room,
    write_journal,
)
from ci_framework.applying.process import exclusive, this_process
from ci_framework.applying.records import Journal
from ci_framework.applying.recover import finish, settle_interrupted, undo
from ci_framework.applying.routes import Route, find_route
from ci_framework.applying.state import current_head
from ci_framework.preflight import check_state
from ci_framework.repository import Repository

__all__ = ["Rollback", "rollback"]

# What the commands of the engine write; it ignores itself, so git never shows it.
_OUTPUT = ".ci-framework"


@dataclass(frozen=True)
class Rollback:
    """What taking an adoption back did.

    Attributes:
        done: whether there was something to do.
        how: branch (back on the original branch, ours deleted), revert (one commit
            took it out), references (only our branch was left), interrupted (an
            unfinished command was undone or finished), nothing.
        branch: the branch that is checked out now, empty if HEAD is detached.
        commit: the commit that takes it out, empty where none was needed.
        files: the files that were written or removed.
        notices: what the user should know, and what is left.
    """

    done: bool
    how: Literal["branch", "revert", "references", "interrupted", "nothing"]
    branch: str
    commit: str
    files: list[str]
    notices: list[str]


def rollback(repository: Repository) -> Rollback:
    """Bring back what was there before the adoption.

    The tree is equal to the one before, removed files and modes included; later
    changes that do not overlap are kept. ``.ci-framework/`` stays, since nobody can
    tell who wrote what is in it; it ignores itself. What Python compiled from files
    of ours goes with them.

    Raises:
        UsageError: if nothing was ever applied, later changes overlap, or another
            command is at work; nothing was touched then.
        ToolError: if it could not be done, and was undone.
    """
    if read_journal(repository) is None:
        raise UsageError(
            "found no adoption in this repository's git directory; allowed: the "
            "clone in which `ci-framework apply` was run",
            hint="elsewhere, `git revert` the commit of the adoption",
        )
    with exclusive(home(repository)):
        journal = read_journal(repository)
        if journal is None:
            return _nothing(repository)
        clear_workshop(repository)
        if journal.interrupted:
            backwards = journal.phase != "rolling-back"
            recovery = settle_interrupted(repository, journal, backwards=backwards)
            journal = recovery.journal
            if recovery.interrupted != "amendment":
                return _result(repository, journal, None)
        if not journal.in_force:
            return _nothing(repository)
        check_state(repository)
        try:
            route = find_route(repository, journal)
        except OSError as error:
            raise ToolError(
                f"cannot prepare the roll-back: {error}; nothing was changed",
                hint="make the files readable and room on the disk",
            ) from error
        begun = msgspec.structs.replace(
            journal,
            phase="rolling-back",
            process=this_process(),
            rollback=route.transition,
        )
        _go(repository, journal, begun)
        return _result(repository, begun, route)


def _go(repository: Repository, journal: Journal, begun: Journal) -> None:
    """Take the way back, or stay where it started."""
    try:
        if begun.rollback is not None:
            take_room(repository, begun.rollback)
        write_journal(repository, begun)
        finish(repository, begun)
    except (CommandError, OSError) as error:
        raise _stayed(repository, journal, begun, error) from error
    except BaseException:
        with contextlib.suppress(CommandError, OSError):
            _stay(repository, journal, begun)
        raise


def _stay(repository: Repository, journal: Journal, begun: Journal) -> None:
    written = read_journal(repository)
    clear_workshop(repository)
    if written is not None and written.id == begun.id and written.interrupted:
        undo(repository, begun)
        write_journal(repository, journal)


def _stayed(
    repository: Repository,
    journal: Journal,
    begun: Journal,
    error: CommandError | OSError,
) -> ToolError:
    try:
        _stay(repository, journal, begun)
    except (CommandError, OSError) as second:
        return ToolError(
            f"cannot take the adoption back: {error}; "
            f"and undoing that failed: {second}",
            hint="remove the cause, then run `ci-framework rollback` again",
        )
    return ToolError(
        f"cannot take the adoption back: {error}; it is in force as before",
        hint="remove the cause, then run the command again",
    )


def _nothing(repository: Repository) -> Rollback:
    branch = current_head(repository).branch.removeprefix("refs/heads/")
    notice = "nothing to do: the adoption was rolled back already"
    return Rollback(
        done=False, how="nothing", branch=branch, commit="", files=[], notices=[notice]
    )


def _result(repository: Repository, journal: Journal, route: Route | None) -> Rollback:
    head = current_head(repository)
    transition = journal.rollback
    notices = list(route.notices) if route else []
    if (repository.root / _OUTPUT).is_dir():
        notices.append(
            f"{_OUTPUT}/ with the reports is left: remove it when you need it no more"
        )
    steps = transition.steps if transition else []
    return Rollback(
        done=True,
        how=route.how if route else "interrupted",
        branch=head.branch.removeprefix("refs/heads/"),
        commit=head.commit if route and route.how == "revert" else "",
        files=[step.path for step in steps],
        notices=notices,
    )
