"""Execute a command, and finish or undo an interrupted one."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

import msgspec

from ci_engine.errors import CommandError, ToolError, UsageError
from ci_framework.applying.journal import (
    clear_scratch,
    home,
    read_journal,
    reinstate_journal,
    reserve_space,
    tidy_store,
    write_journal,
)
from ci_framework.applying.lock import exclusive
from ci_framework.applying.records import Journal, Phase, Transition, current_head
from ci_framework.applying.transition import (
    carry_out,
    drop_references,
    remove_directories,
)
from ci_framework.repository import Repository


@dataclass(frozen=True)
class Recovery:
    """What happened to an interrupted command."""

    interrupted: str
    outcome: Literal["finished", "undone"]
    journal: Journal


def attempt(
    repository: Repository, begun: Journal, *, before: Journal | None, what: str
) -> Journal:
    """Record a command in the journal and execute it, or undo it.

    ``before`` is the journal to restore if it fails.

    Raises:
        ToolError: if git or the file system failed.
    """
    try:
        reserve_space(repository, begun.pending[1])
        write_journal(repository, begun)
        tidy_store(repository)
        return _finish(repository, begun)
    except (CommandError, OSError) as error:
        try:
            _give_up(repository, begun, before)
        except (CommandError, OSError) as second:
            raise ToolError(
                f"cannot {what}: {error}; undoing it failed as well: {second}",
                hint="remove the cause, then run `ci-framework rollback`",
            ) from error
        raise ToolError(
            f"cannot {what}: {error}; everything is as it was before",
            hint="remove the cause, then run the command again",
        ) from error
    except BaseException:
        # Interrupted from the keyboard: undo what is half done.
        with contextlib.suppress(CommandError, OSError):
            _give_up(repository, begun, before)
        raise


def _give_up(repository: Repository, begun: Journal, before: Journal | None) -> None:
    """Undo what the journal records; before it was written nothing was done."""
    written = read_journal(repository)
    clear_scratch(repository)
    if written is not None and written.id == begun.id and written.interrupted:
        _undo(repository, begun)
        if before is not None:
            write_journal(repository, before)


def recover(repository: Repository, *, backwards: bool = False) -> Recovery | None:
    """Finish an interrupted command, or undo it.

    Returns:
        What was done, None if nothing was interrupted.

    Raises:
        UsageError: if the command is still running, or files, branches or the
            index were changed since; nothing is touched in this case.
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
    """Finish or undo what a journal records; the caller has the lock."""
    name, _ = journal.pending
    if _is_lost(repository, journal):
        return Recovery(name, "undone", _close(repository, journal))
    clear_scratch(repository)
    try:
        done = _undo(repository, journal) if backwards else _finish(repository, journal)
    except OSError as error:
        raise ToolError(
            f"cannot continue the interrupted {name}: {error}",
            hint="remove the cause, then run the command again",
        ) from error
    return Recovery(name, "undone" if backwards else "finished", done)


def refuse_interrupted(repository: Repository) -> None:
    """Raise ``UsageError`` if a command was interrupted."""
    journal = read_journal(repository)
    if journal is not None and journal.interrupted:
        raise UsageError(
            f"a command was interrupted ({journal.phase}, since {journal.updated})",
            hint="`ci-framework resume` finishes it, `ci-framework rollback` undoes it",
        )


def _finish(repository: Repository, journal: Journal) -> Journal:
    """Finish a command, whatever it has already done."""
    name, transition = journal.pending
    if name == "apply":
        journal = _record(repository, journal, "writing")
        applied = journal

        def note() -> None:
            _record(repository, applied, "switching")

        _carry_out(repository, transition, journal, note)
    else:
        _carry_out(repository, transition, journal)
    if name == "rollback":
        return _complete_rollback(repository, journal)
    clear_scratch(repository)
    return _record(repository, journal.folded(), "applied")


def _undo(repository: Repository, journal: Journal) -> Journal:
    """Roll an interrupted apply back, or cancel another interrupted command."""
    name, transition = journal.pending
    back = transition.backwards()
    if name == "apply":
        begun = msgspec.structs.replace(journal, rollback=back)
        return _finish(repository, _record(repository, begun, "rolling-back"))
    _carry_out(repository, back, journal)
    kept = msgspec.structs.replace(journal, rollback=None, amendment=None)
    return _record(repository, kept, "applied")


def _record(repository: Repository, journal: Journal, phase: Phase) -> Journal:
    return write_journal(repository, msgspec.structs.replace(journal, phase=phase))


def _carry_out(
    repository: Repository,
    transition: Transition,
    journal: Journal,
    before_switching: Callable[[], None] = lambda: None,
) -> None:
    """Execute a transition; commit, index and files must agree afterwards."""
    carry_out(repository, transition, journal.id, before_switching=before_switching)
    paths = {step.path for step in transition.steps}
    differing = sorted(paths & {*repository.changed_files()})
    head = current_head(repository)
    if differing or head != transition.head_after:
        what = ", ".join(differing) or f"HEAD at {head.commit[:12]}"
        raise ToolError(
            f"the result is not the expected one: {what}",
            hint="check whether a filter or hook of git changes these files",
        )


def _complete_rollback(repository: Repository, journal: Journal) -> Journal:
    """Remove files derived from ours, and close the journal."""
    _remove_bytecode(repository, journal)
    remove_directories(repository.root, journal.adoption.creates)
    _remove_branch_settings(repository, journal.branch)
    clear_scratch(repository)
    earlier = (
        reinstate_journal(repository, journal.earlier) if journal.earlier else None
    )
    if earlier is None:
        closed = msgspec.structs.replace(journal, phase="rolled-back")
        earlier = write_journal(repository, closed)
    tidy_store(repository)
    return earlier


def _remove_branch_settings(repository: Repository, branch: str) -> None:
    """Remove the settings of a deleted branch, as ``git branch -d`` does."""
    if not repository.commit(f"refs/heads/{branch}"):
        section = f"branch.{branch}"
        repository.try_git("config", "--local", "--remove-section", section)


def _remove_bytecode(repository: Repository, journal: Journal) -> None:
    """Remove Python's bytecode of our files, in our directories only."""
    tracked = repository.entries()
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
    """Whether the work tree of an interrupted command was removed since."""
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
        f"a command was interrupted in another work tree, {location}",
        hint=f"run the command on {location}",
    )


def _close(repository: Repository, journal: Journal) -> Journal:
    """Delete the refs of a command whose work tree was removed."""
    if journal.amendment is not None:
        drop_references(repository, journal.amendment)
    drop_references(repository, journal.adoption)
    closed = msgspec.structs.replace(journal, phase="rolled-back")
    return write_journal(repository, closed)
