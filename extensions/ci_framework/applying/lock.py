"""One command at a time in a repository, also after one was killed."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Generator
from pathlib import Path

from ci_engine.errors import ToolError, UsageError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


@contextlib.contextmanager
def exclusive(directory: Path) -> Generator[None, None, None]:
    """Hold the lock of a repository; the system releases it when this process dies.

    Raises:
        UsageError: if another command holds it.
        ToolError: if the directory cannot be written.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise ToolError(
            f"{directory}: cannot be written: {error.strerror}",
            hint="make the git directory writable",
        ) from error
    try:
        if not _lock(descriptor):
            raise UsageError(
                "another ci-framework command is running in this repository",
                hint="wait until it has ended, then run the command again",
            )
        yield
    finally:
        os.close(descriptor)


def is_locked(directory: Path) -> bool:
    """Whether another command holds the lock; nothing is written."""
    try:
        descriptor = os.open(directory / "lock", os.O_RDWR)
    except OSError:
        return False
    try:
        return not _lock(descriptor)
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    """Take the lock until the file is closed; False if another process has it."""
    try:
        if sys.platform == "win32":
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        # A file system without locks: there it is up to the user.
        return True
    return True
