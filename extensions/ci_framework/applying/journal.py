"""The journal: records what a command will do before it does it.

It is in the git directory that all work trees share, so it is never part of a commit,
and is replaced atomically. Beside it are the contents of the files before and after,
with which an interrupted command is finished or undone.
"""

from __future__ import annotations

import shutil
from datetime import datetime, timezone
from pathlib import Path

import msgspec

from ci_engine.errors import ToolError
from ci_framework.applying.files import Store, write_synced, write_whole
from ci_framework.applying.lock import exclusive
from ci_framework.applying.records import (
    Journal,
    RecordedVerdict,
    Transition,
    ValidationRecord,
)
from ci_framework.repository import Repository

# Refs with which git keeps the commits before and after, as base and applied.
REFERENCES = "refs/ci-framework/adoption"
# Reserved bytes for the journal and refs, to undo all if the disk is full.
_RESERVE = 512 * 1024


def now() -> str:
    """The current time in UTC."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def home(repository: Repository) -> Path:
    """Our directory in the git directory."""
    return repository.git_directory / "ci-framework"


def store(repository: Repository) -> Store:
    """The store of contents that belong to the journal."""
    return Store(home(repository) / "contents")


def scratch(repository: Repository) -> Path:
    """A directory for temporary files of one command."""
    location = home(repository) / "work"
    location.mkdir(parents=True, exist_ok=True)
    return location


def clear_scratch(repository: Repository) -> None:
    """Remove temporary files, including those of a killed command."""
    location = home(repository) / "work"
    if location.is_dir():
        shutil.rmtree(location)


def reserve_space(repository: Repository, transition: Transition) -> None:
    """Reserve disk space for undoing; clearing the scratch directory frees it."""
    size = (repository.private_directory / "index").stat().st_size
    kept = store(repository)
    states = [step.before for step in transition.steps]
    size += sum(len(kept.get(state.content) or b"") for state in states if state)
    write_synced(scratch(repository) / "reserve", bytes(2 * size + _RESERVE))


def _archive_path(repository: Repository, name: str) -> Path:
    """The path of the journal of an earlier adoption."""
    return home(repository) / f"journal-{name}.json"


def read_journal(repository: Repository) -> Journal | None:
    """The journal, None if nothing was ever applied.

    Raises:
        ToolError: if it cannot be read: its content must not be guessed.
    """
    return _read(home(repository) / "journal.json")


def _read(location: Path) -> Journal | None:
    """Read one journal, None if there is none."""
    try:
        return msgspec.json.decode(location.read_bytes(), type=Journal)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise ToolError(
            f"{location}: the journal cannot be read: {error}",
            hint="use the version of ci-framework that wrote it, or move the file away",
        ) from error


def write_journal(repository: Repository, journal: Journal) -> Journal:
    """Write the journal, with the time, and return it."""
    written = msgspec.structs.replace(journal, updated=now())
    location = home(repository) / "journal.json"
    encoded = msgspec.json.format(msgspec.json.encode(written), indent=2)
    try:
        location.parent.mkdir(parents=True, exist_ok=True)
        write_whole(location, encoded + b"\n")
    except OSError as error:
        raise ToolError(
            f"{location}: cannot be written: {error.strerror or error}",
            hint="free disk space, and make the git directory writable",
        ) from error
    return written


def archive_journal(repository: Repository) -> None:
    """Archive the journal under its own name, because a later adoption follows."""
    journal = read_journal(repository)
    if journal is not None:
        location = _archive_path(repository, journal.id)
        write_whole(location, msgspec.json.encode(journal) + b"\n")


def reinstate_journal(repository: Repository, name: str) -> Journal | None:
    """Make an archived journal the current one, None if it does not exist."""
    location = _archive_path(repository, name)
    journal = _read(location)
    if journal is not None:
        write_journal(repository, journal)
        location.unlink(missing_ok=True)
    return journal


def tidy_store(repository: Repository) -> None:
    """Delete the contents that no adoption needs any more."""
    needed: set[str] = set()
    for location in sorted(home(repository).glob("journal*.json")):
        journal = _read(location)
        if journal is not None and journal.phase != "rolled-back":
            needed |= journal.contents()
    store(repository).keep_only(needed)


def record_validation(
    repository: Repository,
    verdict: RecordedVerdict,
    summary: str,
) -> Journal | None:
    """Record the result of a validation; None if no adoption is in force.

    Only a green result marks the adoption as validated.

    Raises:
        UsageError: if another command is running.
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
            commit=repository.commit("HEAD"),
            at=now(),
        )
        changed = msgspec.structs.replace(
            journal,
            phase="validated" if verdict == "green" else "applied",
            validation=record,
        )
        return write_journal(repository, changed)
