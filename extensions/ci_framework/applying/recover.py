"""Finish or undo what was interrupted: killed, out of power, or out of room."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

import msgspec

from ci_engine.errors import ToolError, UsageError
from ci_framework.applying.index import entries
from ci_framework.applying.journal import (
    clear_workshop,
    home,
    read_journal,
    reinstate_journal,
    tidy_store,
    write_journal,
)
from ci_framework.applying.process import (
    at_work,
    exclusive,
    is_running,
    this_process,
)
from ci_framework.applying.records import Journal, Transition
from ci_framework.applying.state import changed_files, current_head
from ci_framework.applying.transition import (
    carry_out,
    drop_references,
    remove_directories,
)
from ci_framework.repository import Repository

__all__ = [
    "Recovery",
    "finish",
    "recover",
    "refuse_interrupted",
    "settle_interrupted",
    "undo",
]

_NAMES = {"rolling-back": "rollback", "amending": "amendment"}


@dataclass(frozen=True)
class Recovery:
    """What became of an interrupted command.

    Attributes:
        interrupted: what was interrupted.
        outcome: whether it was finished or undone.
        journal: the journal afterwards.
    """

    interrupted: str
    outcome: Literal["finished", "undone"]
    journal: Journal


def recover(repository: Repository, *, backwards: bool = False) -> Recovery | None:
    """Finish an interrupted command, or undo it.

    Args:
        repository: the repository.
        backwards: whether an interrupted apply is undone, and an interrupted
            roll-back given up, instead of finished.

    Returns:
        What was done, None if nothing was interrupted.

    Raises:
        UsageError: if the command is still at work, or files, branches or the
            index were changed since: nothing is touched then.
        ToolError: if git or the file system fails; it can be tried again.
    """
    journal = read_journal(repository)
    if journal is None or not journal.interrupted:
        return None
    with exclusive(home(repository)):
        journal = read_journal(repository)
        if journal is None or not journal.interrupted:
            return None
        return settle_interrupted(repository, journal, backwards=backwards)


def settle_interrupted(
    repository: Repository, journal: Journal, *, backwards: bool
) -> Recovery:
    """Finish or undo what a journal says, by whoever holds the lock.

    Raises:
        UsageError: as ``recover`` does.
        ToolError: likewise.
    """
    if journal.process != this_process() and is_running(journal.process):
        raise at_work(journal.process.pid)
    name = _NAMES.get(journal.phase, "apply")
    if _is_lost(repository, journal):
        return Recovery(name, "undone", _forget(repository, journal))
    clear_workshop(repository)
    journal = msgspec.structs.replace(journal, process=this_process())
    try:
        done = undo(repository, journal) if backwards else finish(repository, journal)
    except OSError as error:
        raise ToolError(
            f"cannot go on with the interrupted {name}: {error}",
            hint="remove the cause, then run the command again",
        ) from error
    return Recovery(name, "undone" if backwards else "finished", done)


def refuse_interrupted(repository: Repository) -> None:
    """Make sure that no command was interrupted.

    Raises:
        UsageError: if one was.
    """
    journal = read_journal(repository)
    if journal is not None and journal.interrupted:
        raise UsageError(
            f"found a command that was interrupted ({journal.phase}, since "
            f"{journal.updated}); allowed: a repository in which none was",
            hint="`ci-framework resume` finishes it, `ci-framework rollback` undoes it",
        )


def finish(repository: Repository, journal: Journal) -> Journal:
    """Bring a command to its end, from wherever it is.

    Raises:
        UsageError: if something was changed since; nothing is touched then.
        ToolError: if git fails, or the result is not what it has to be.
        OSError: if a file cannot be written.
    """
    if journal.phase == "rolling-back" and journal.rollback is not None:
        carry_out(repository, journal.rollback, journal.id)
        _verify(repository, journal.rollback)
        return _complete_rollback(repository, journal)
    if journal.phase == "amending" and journal.amendment is not None:
        carry_out(repository, journal.amendment, journal.id)
        _verify(repository, journal.amendment)
        clear_workshop(repository)
        return _phase(repository, journal.folded(), "applied")
    journal = _phase(repository, journal, "writing")
    carry_out(
        repository,
        journal.adoption,
        journal.id,
        before_switching=lambda: _note_switching(repository, journal),
    )
    _verify(repository, journal.adoption)
    clear_workshop(repository)
    return _phase(repository, journal, "applied")


def undo(repository: Repository, journal: Journal) -> Journal:
    """Take an interrupted apply back, or give an interrupted roll-back up.

    Raises:
        UsageError: if something was changed since; nothing is touched then.
        ToolError: if git fails, or the result is not what it has to be.
        OSError: if a file cannot be written.
    """
    if journal.phase == "rolling-back" and journal.rollback is not None:
        back = journal.rollback.backwards()
        carry_out(repository, back, journal.id)
        _verify(repository, back)
        kept = msgspec.structs.replace(journal, rollback=None)
        return _phase(repository, kept, "applied")
    if journal.phase == "amending" and journal.amendment is not None:
        back = journal.amendment.backwards()
        carry_out(repository, back, journal.id)
        _verify(repository, back)
        kept = msgspec.structs.replace(journal, amendment=None)
        return _phase(repository, kept, "applied")
    back = journal.adoption.backwards()
    taken = msgspec.structs.replace(journal, rollback=back)
    return finish(repository, _phase(repository, taken, "rolling-back"))


def _phase(
    repository: Repository,
    journal: Journal,
    phase: Literal["writing", "switching", "applied", "rolling-back"],
) -> Journal:
    return write_journal(repository, msgspec.structs.replace(journal, phase=phase))


def _note_switching(repository: Repository, journal: Journal) -> None:
    _phase(repository, journal, "switching")


def _verify(repository: Repository, transition: Transition) -> None:
    """The commit, the index and the files have to be one and the same afterwards."""
    paths = {step.path for step in transition.steps}
    differing = sorted(paths & changed_files(repository).keys())
    head = current_head(repository)
    if differing or head != transition.head_after:
        what = ", ".join(differing) or f"HEAD at {head.commit[:12]}"
        raise ToolError(
            f"the result is not what it has to be: {what}",
            hint="see whether a filter or hook of git changes these files",
        )


def _complete_rollback(repository: Repository, journal: Journal) -> Journal:
    """Clear away what came with our files, and close the journal."""
    _remove_bytecode(repository, journal)
    remove_directories(repository.root, journal.adoption.creates)
    _remove_branch_settings(repository, journal.branch)
    clear_workshop(repository)
    earlier = (
        reinstate_journal(repository, journal.earlier) if journal.earlier else None
    )
    if earlier is None:
        closed = msgspec.structs.replace(journal, phase="rolled-back")
        earlier = write_journal(repository, closed)
    tidy_store(repository)
    return earlier


def _remove_branch_settings(repository: Repository, branch: str) -> None:
    """Remove what a push noted about a branch that is gone, as ``git branch -d``."""
    name = f"refs/heads/{branch}"
    if not repository.line("rev-parse", "--verify", "--quiet", name):
        section = f"branch.{branch}"
        repository.try_git("config", "--local", "--remove-section", section)


def _remove_bytecode(repository: Repository, journal: Journal) -> None:
    """Remove what Python compiled from files of ours, in directories of ours only."""
    tracked = entries(repository)
    for step in journal.adoption.steps:
        source = PurePosixPath(step.path)
        parent = source.parent.as_posix()
        ours = step.before is None and parent in journal.adoption.creates
        if not ours or source.suffix != ".py" or step.path in tracked:
            continue
        cache = repository.root / parent / "__pycache__"
        if cache.is_symlink() or not cache.is_dir():
            continue
        for compiled in sorted(cache.glob(f"{source.stem}.*.pyc")):
            name = f"{parent}/__pycache__/{compiled.name}"
            if name not in tracked and not compiled.is_symlink():
                compiled.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            cache.rmdir()


def _is_lost(repository: Repository, journal: Journal) -> bool:
    """Whether the work tree of an interrupted command was removed since.

    Raises:
        UsageError: if it is another one, which is still there.
    """
    common = repository.git_directory
    own = os.path.relpath(repository.private_directory, common).replace(os.sep, "/")
    if journal.work_tree == own:
        return False
    other = common / journal.work_tree
    if not other.exists():
        return True
    location = other.parent if journal.work_tree == "." else other
    with contextlib.suppress(OSError):
        location = Path((other / "gitdir").read_text("utf-8").strip()).parent
    raise UsageError(
        f"found a command that was interrupted in another work tree, {location}; "
        "allowed: to go on in the same one",
        hint=f"run the command on {location}",
    )


def _forget(repository: Repository, journal: Journal) -> Journal:
    """Take back the references of a command whose work tree is gone."""
    if journal.amendment is not None:
        drop_references(repository, journal.amendment)
    drop_references(repository, journal.adoption)
    closed = msgspec.structs.replace(journal, phase="rolled-back")
    return write_journal(repository, closed)
