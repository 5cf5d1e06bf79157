"""The journal: what a command is about to do, written down before it does it.

It lives in the git directory that all work trees share, so that it is never part of
a commit, and is replaced as a whole. Beside it stand the contents of the files
before and after, by which an interrupted command is finished or undone.
"""

from __future__ import annotations

import shutil
from datetime import datetime, timezone
from pathlib import Path

import msgspec

from ci_engine.errors import ToolError
from ci_framework.applying.files import Store, reserve, write_whole
from ci_framework.applying.process import exclusive
from ci_framework.applying.records import (
    Journal,
    RecordedVerdict,
    Transition,
    ValidationRecord,
)
from ci_framework.repository import Repository

__all__ = [
    "REFERENCES",
    "archive_journal",
    "home",
    "now",
    "read_journal",
    "read_journal_file",
    "record_validation",
    "reinstate_journal",
    "store",
    "take_room",
    "tidy_store",
    "workshop",
    "write_journal",
]

# Below these git keeps the commits before and after, as base and applied.
REFERENCES = "refs/ci-framework/adoption"
# For the journal and references, where the disk is full when all is taken back.
_ROOM = 512 * 1024


def now() -> str:
    """The time, as the journal writes it."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def home(repository: Repository) -> Path:
    """The directory of ours in the git directory."""
    return repository.git_directory / "ci-framework"


def store(repository: Repository) -> Store:
    """The contents of files that belong to the journal."""
    return Store(home(repository) / "contents")


def workshop(repository: Repository) -> Path:
    """A directory for what is needed for a moment; ``clear_workshop`` empties it."""
    location = home(repository) / "work"
    location.mkdir(parents=True, exist_ok=True)
    return location


def clear_workshop(repository: Repository) -> None:
    """Remove what a command needed for a moment, also one that was killed."""
    location = home(repository) / "work"
    if location.is_dir():
        shutil.rmtree(location)


def take_room(repository: Repository, transition: Transition) -> None:
    """Take room on the disk for the way back; emptying the workshop gives it back."""
    size = (repository.private_directory / "index").stat().st_size
    kept = store(repository)
    states = [step.before for step in transition.steps]
    size += sum(kept.size(state.content) for state in states if state is not None)
    reserve(workshop(repository) / "reserve", 2 * size + _ROOM)


def archive_path(repository: Repository, name: str) -> Path:
    """Where the journal of an adoption stands that a later one followed."""
    return home(repository) / f"journal-{name}.json"


def read_journal(repository: Repository) -> Journal | None:
    """The journal, None if nothing was ever applied.

    Raises:
        ToolError: if it cannot be read: nothing may be done on a guess.
    """
    return read_journal_file(home(repository) / "journal.json")


def read_journal_file(location: Path) -> Journal | None:
    """One journal by its place, None if there is none.

    Raises:
        ToolError: if it cannot be read.
    """
    try:
        return msgspec.json.decode(location.read_bytes(), type=Journal)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise ToolError(
            f"{location}: found a journal that cannot be read ({error}); "
            "allowed: one that ci-framework of this or an earlier version wrote",
            hint="use the version that wrote it, or move the file away",
        ) from error


def write_journal(repository: Repository, journal: Journal) -> Journal:
    """Write the journal, with the time, and return what was written.

    Raises:
        ToolError: if it cannot be written.
    """
    written = msgspec.structs.replace(journal, updated=now())
    location = home(repository) / "journal.json"
    encoded = msgspec.json.format(msgspec.json.encode(written), indent=2)
    try:
        location.parent.mkdir(parents=True, exist_ok=True)
        write_whole(location, encoded + b"\n")
    except OSError as error:
        raise ToolError(
            f"{location}: cannot be written: {error.strerror or error}",
            hint="make room, and the git directory writable",
        ) from error
    return written


def archive_journal(repository: Repository) -> None:
    """Put the journal aside: a later adoption follows this one."""
    journal = read_journal(repository)
    if journal is not None:
        location = archive_path(repository, journal.id)
        write_whole(location, msgspec.json.encode(journal) + b"\n")


def reinstate_journal(repository: Repository, name: str) -> Journal | None:
    """Bring back the journal that was put aside, None if it is not there.

    Raises:
        ToolError: if it cannot be read.
    """
    location = archive_path(repository, name)
    journal = read_journal_file(location)
    if journal is not None:
        write_journal(repository, journal)
        location.unlink(missing_ok=True)
    return journal


def tidy_store(repository: Repository) -> None:
    """Drop the contents that no adoption needs any more."""
    needed: set[str] = set()
    for location in sorted(home(repository).glob("journal*.json")):
        journal = read_journal_file(location)
        if journal is not None and journal.phase != "rolled-back":
            needed |= journal.contents()
    store(repository).keep_only(needed)


def record_validation(
    repository: Repository,
    verdict: RecordedVerdict,
    summary: str,
) -> Journal | None:
    """Note how a validation ended; None if no adoption is in force.

    Only a green one makes the adoption a validated one.

    Raises:
        UsageError: if another command is at work.
    """
    if read_journal(repository) is None:
        return None
    with exclusive(home(repository)):
        journal = read_journal(repository)
        if journal is None or not journal.in_force:
            return None
        record = ValidationRecord(
            verdict=verdict,
            summary=summary,
            commit=repository.line("rev-parse", "--verify", "--quiet", "HEAD"),
            at=now(),
        )
        changed = msgspec.structs.replace(
            journal,
            phase="validated" if verdict == "green" else "applied",
            validation=record,
        )
        return write_journal(repository, changed)
