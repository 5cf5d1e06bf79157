"""Allow only one process at a time to write to the same location."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from ci_engine.errors import ToolError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_WAIT_SECONDS = 0.1


@contextmanager
def file_lock(path: Path) -> Generator[None]:
    """Wait until no other process has the lock of a file, and lock it.

    The system releases the lock when the process ends, however it ends.

    Raises:
        ToolError: if the file cannot be written.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise ToolError(f"{path}: cannot be written: {error.strerror}") from error
    try:
        _take(descriptor)
        yield
    finally:
        # Closing releases the lock.
        os.close(descriptor)


def lock_now(descriptor: int) -> None:
    """Lock an open file until it is closed, without waiting.

    Raises:
        BlockingIOError: if another process has the lock; on Windows PermissionError.
        OSError: if the file system has no locks.
    """
    if sys.platform == "win32":
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


if sys.platform == "win32":

    def _take(descriptor: int) -> None:
        while True:
            try:
                lock_now(descriptor)
                return
            except OSError:
                time.sleep(_WAIT_SECONDS)

else:

    def _take(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
