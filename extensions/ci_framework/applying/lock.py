"""Allow one command at a time in a repository; a killed one leaves no lock."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator
from pathlib import Path

from ci_engine.errors import ToolError, UsageError
from ci_engine.processes.file_lock import lock_now


@contextlib.contextmanager
def exclusive(directory: Path) -> Generator[None, None, None]:
    """Lock a repository; the system releases the lock if this process dies.

    Raises:
        UsageError: if another command has the lock.
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
    """Whether another command has the lock; writes nothing."""
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
        lock_now(descriptor)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        # A file system without locks: then users must avoid parallel commands.
        return True
    return True
