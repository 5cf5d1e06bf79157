"""Change the git index under its own lock, and replace it atomically."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Generator, Mapping
from pathlib import Path

from ci_engine.errors import ToolError, UsageError
from ci_framework.repository import Entry, Repository

_MARK = b"ci-framework "


def index_information(changes: Mapping[str, Entry | None], width: int) -> bytes:
    """Entries in the format of ``git update-index --index-info -z``.

    None removes an entry; ``width`` is the length of an object name.
    """
    rows: list[bytes] = []
    for path, entry in changes.items():
        mode, blob = (entry.mode, entry.blob) if entry else ("0", "0" * width)
        rows.append(f"{mode} {blob}\t".encode() + os.fsencode(path) + b"\0")
    return b"".join(rows)


def set_entries(
    repository: Repository,
    changes: Mapping[str, Entry | None],
    *,
    directory: Path,
    name: str,
) -> None:
    """Change entries of the index; all others keep their flags.

    ``directory`` is our directory; ``name`` identifies the command in the lock.

    Raises:
        UsageError: if another git process has the lock.
        ToolError: if it cannot be written.
    """
    index = repository.private_directory / "index"
    prepared = directory / "index"
    with _locked(repository, directory, name):
        shutil.copyfile(index, prepared)
        variables = {"GIT_INDEX_FILE": str(prepared)}
        width = len(repository.line("rev-parse", "HEAD"))
        repository.git(
            "update-index",
            "-z",
            "--index-info",
            stdin=index_information(changes, width),
            variables=variables,
        )
        # So that git need not read the files again; this fails if others differ.
        repository.try_git("update-index", "-q", "--refresh", variables=variables)
        try:
            shutil.copymode(index, prepared)
            with prepared.open("rb") as stream:
                os.fsync(stream.fileno())
            prepared.replace(index)
        except OSError as error:
            raise ToolError(f"{index}: cannot be written: {error.strerror}") from error


def lock_path(repository: Repository) -> Path:
    """The lock file of git's index."""
    return repository.private_directory / "index.lock"


def remove_our_lock(repository: Repository) -> None:
    """Remove a lock that a killed command of ours left, but never that of another."""
    lock = lock_path(repository)
    with contextlib.suppress(FileNotFoundError):
        if lock.read_bytes().startswith(_MARK):
            lock.unlink()


def refuse_locked(repository: Repository) -> UsageError:
    """The error for an index that another git process has locked."""
    lock = lock_path(repository)
    return UsageError(
        f"{lock} exists: another git is running, or was killed",
        hint=f"wait until it has ended; if no git is running, remove {lock}",
    )


@contextlib.contextmanager
def _locked(
    repository: Repository, directory: Path, name: str
) -> Generator[None, None, None]:
    """Lock the index, with content that identifies the lock as ours."""
    lock = lock_path(repository)
    mark = directory / "index-lock"
    mark.write_bytes(_MARK + name.encode() + b"\n")
    try:
        _link_or_create(mark, lock)
    except FileExistsError as error:
        raise refuse_locked(repository) from error
    except OSError as error:
        raise ToolError(f"{lock}: cannot be created: {error.strerror}") from error
    finally:
        mark.unlink()
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


def _link_or_create(mark: Path, lock: Path) -> None:
    """Create the lock together with its content, if the file system allows it."""
    try:
        lock.hardlink_to(mark)
    except FileExistsError:
        raise
    except OSError:
        with lock.open("xb") as stream:
            stream.write(mark.read_bytes())
