"""Clean up after programs that ended, and after runs that were killed."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path

# Each run marks its programs with its own value, which their children inherit.
# A nested run appends its value after a colon, so that both runs find them.
MARK_VARIABLE = "CI_ENGINE_RUN"
_PROCESSES = Path("/proc")
_ROUNDS = 5


def end_leftovers(mark: str) -> int:
    """Kill processes that still have the mark, where the system shows it: on Linux.

    Returns:
        The number of these processes.
    """
    killed: set[int] = set()
    for _ in range(_ROUNDS):
        found = list(_marked(mark))
        if not found:
            break
        for process in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(process, signal.SIGKILL)
        killed.update(found)
    return len(killed)


def inner_mark(mark: str, variables: Mapping[str, str]) -> str:
    """The mark of a run, which may be nested in a marked one."""
    outer = variables.get(MARK_VARIABLE, "")
    return f"{outer}:{mark}" if outer else mark


def is_running(process: int) -> bool:
    """Whether a process with this id may be running."""
    if os.name != "posix":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _marked(mark: str) -> Iterator[int]:
    entry = f"{MARK_VARIABLE}={mark}".encode()
    inner = entry + b":"
    for directory in _PROCESSES.glob("[0-9]*"):
        process = int(directory.name)
        with contextlib.suppress(OSError):
            variables = (directory / "environ").read_bytes().split(b"\0")
            carries = any(v == entry or v.startswith(inner) for v in variables)
            if carries and process != os.getpid():
                yield process
