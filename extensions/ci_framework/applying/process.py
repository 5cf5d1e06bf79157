"""Who is at work: one command at a time, also after one was killed."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Generator
from pathlib import Path

import msgspec

from ci_engine.errors import ToolError, UsageError
from ci_engine.processes.programs import run_program

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

__all__ = ["Process", "at_work", "exclusive", "is_running", "this_process"]

_STATE_FIELDS = 19
_SECONDS = 10.0


class Process(msgspec.Struct, frozen=True, kw_only=True):
    """A process, told apart from a later one with the same number.

    Attributes:
        pid: its number.
        started: when it started, in the words of the system; empty if unknown.
    """

    pid: int
    started: str


def this_process() -> Process:
    """The process that runs this."""
    return Process(pid=os.getpid(), started=_started(os.getpid()))


def is_running(process: Process) -> bool:
    """Whether a process is still there; never true of one that took its number."""
    if sys.platform == "win32":
        # No signal can be probed there, and the lock alone is enough.
        return False
    try:
        os.kill(process.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    started = _started(process.pid)
    return not (started and process.started) or started == process.started


def _started(pid: int) -> str:
    """When a process started, empty where the system does not tell."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
        # The name, in parentheses, may hold anything, also spaces and parentheses.
        ticks = state.rpartition(")")[2].split()[_STATE_FIELDS]
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except (OSError, IndexError):
        if sys.platform == "win32":
            return ""
        command = ("ps", "-o", "lstart=", "-p", str(pid))
        return run_program(command, cwd=Path("/"), timeout=_SECONDS).stdout.strip()
    return f"{ticks} {boot}"


@contextlib.contextmanager
def exclusive(directory: Path) -> Generator[None, None, None]:
    """Keep other commands out; the system lets go when this process dies.

    Raises:
        UsageError: if another command is at work.
        ToolError: if the directory cannot be written.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise ToolError(
            f"{directory}: cannot write there: {error.strerror}",
            hint="make the git directory writable",
        ) from error
    try:
        try:
            _lock(descriptor)
        except BlockingIOError as error:
            raise at_work() from error
        except PermissionError as error:
            raise at_work() from error
        except OSError:
            # A file system without locks: the journal's process has to do.
            pass
        yield
    finally:
        os.close(descriptor)


def at_work(pid: int = 0) -> UsageError:
    """What to say when another command is at work."""
    who = f" (process {pid})" if pid else ""
    return UsageError(
        f"found another ci-framework command at work in this repository{who}; "
        "allowed: one at a time",
        hint="wait until it has ended, then run the command again",
    )


def _lock(descriptor: int) -> None:
    if sys.platform == "win32":
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
