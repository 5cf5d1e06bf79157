"""Temporary files, also removed if the process that made them was killed.

Each process keeps them in one directory, in which it locks a file. The next start
removes the directories whose lock is free.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

from ci_engine.processes.file_lock import lock_now

_ON_WINDOWS = os.name == "nt"
_PREFIX = "ci-framework-"
_OWNER = ".owner"
_TEXT = b"ci-framework removes this directory when no process locks this file\n"


@contextlib.contextmanager
def own_temporary_files() -> Generator[None]:
    """Keep all temporary files of this process in one directory, Copier's as well."""
    before = tempfile.tempdir
    with contextlib.ExitStack() as stack:
        # Commands that need no temporary files work without any place for them.
        with contextlib.suppress(OSError):
            location = Path(tempfile.gettempdir())
            directory = stack.enter_context(owned_directory(location, _PREFIX))
            tempfile.tempdir = str(directory)
        try:
            yield
        finally:
            tempfile.tempdir = before


@contextlib.contextmanager
def owned_directory(location: Path, prefix: str) -> Generator[Path]:
    """A temporary directory; abandoned ones beside it are removed first."""
    for abandoned in _abandoned(location, prefix):
        _remove(abandoned)
    directory = Path(tempfile.mkdtemp(prefix=prefix, dir=location))
    try:
        with (directory / _OWNER).open("xb", buffering=0) as owner:
            # Others read the text before they try the lock, so it comes second. A file
            # system without locks never gets it, as nobody could see who is gone.
            with contextlib.suppress(OSError):
                lock_now(owner.fileno())
                owner.write(_TEXT)
            yield directory
    finally:
        _remove(directory)


def _abandoned(location: Path, prefix: str) -> Iterator[Path]:
    """The directories of processes that are gone."""
    with contextlib.suppress(OSError):
        found = [Path(entry) for entry in os.scandir(location)]
        for directory in found:
            if directory.name.startswith(prefix) and _is_abandoned(directory):
                yield directory


def _is_abandoned(directory: Path) -> bool:
    """Whether a directory is ours, and nobody has its lock; False when in doubt."""
    owner = directory / _OWNER
    try:
        if directory.is_symlink() or owner.is_symlink() or not owner.is_file():
            return False
        if os.name == "posix" and directory.stat().st_uid != os.geteuid():
            return False
        with owner.open("r+b", buffering=0) as file:
            if file.read() != _TEXT:
                return False
            file.seek(0)
            lock_now(file.fileno())
    except OSError:
        return False
    return True


def _remove(directory: Path) -> None:
    """Remove a directory, the file of the owner last: it may be interrupted again."""
    with contextlib.suppress(OSError):
        for entry in list(os.scandir(directory)):
            if entry.name == _OWNER:
                continue
            if entry.is_dir(follow_symlinks=False):
                _make_writable(Path(entry))
                shutil.rmtree(entry, ignore_errors=True)
            else:
                Path(entry).unlink()
        if [path.name for path in directory.iterdir()] in ([], [_OWNER]):
            shutil.rmtree(directory, ignore_errors=True)


def _make_writable(directory: Path) -> None:
    """Allow the removal of what a program protected.

    Files keep their modes on POSIX, as a local clone shares them with its original.
    """
    directory.chmod(0o700)
    for folder, folders, files in os.walk(directory):
        for name in (*folders, *(files if _ON_WINDOWS else ())):
            path = Path(folder, name)
            if not path.is_symlink():
                path.chmod(0o700)
