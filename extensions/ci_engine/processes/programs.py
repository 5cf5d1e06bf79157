"""Run programs: with a time limit, killing all their children, never via a shell."""

from __future__ import annotations

import contextlib
import glob
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ci_engine.processes.child_environment import own_mark
from ci_engine.processes.leftovers import end_leftovers

_POLL_SECONDS = 0.05
_LONGEST_LINE = 2_000
_PART = 65_536
# On a busy machine, a process may be scheduled late.
_STACK_SECONDS = 3.0
# Names a file; makes our plugin write the stack beside it on SIGXCPU.
STACK_VARIABLE = "CI_ENGINE_PYTEST_EVENTS"
_POSIX = os.name == "posix"


class CanceledError(Exception):
    """The run was canceled while the program was running."""


@dataclass(frozen=True)
class Outcome:
    """The outcome of a program.

    Attributes:
        code: exit status; negative for a signal; None when it never started.
        stdout: its standard output, decoded as UTF-8 with replacements.
        missing: why it could not be started, empty when it was started.
    """

    command: tuple[str, ...]
    code: int | None
    stdout: str
    stderr: str
    seconds: float
    timed_out: bool = False
    missing: str = ""
    raw: bytes = b""

    def names(self) -> list[str]:
        """The NUL-separated file names in the output, whatever their bytes."""
        return [os.fsdecode(name) for name in self.raw.split(b"\0") if name]

    def tail(self, lines: int = 15) -> str:
        """The last lines of the output, standard error first if there is any.

        A line may be as long as a whole file: long lines are cut.
        """
        text = self.stderr.strip() or self.stdout.strip()
        rows = text.splitlines()[-lines:]
        return "\n".join(
            row if len(row) <= _LONGEST_LINE else f"{row[:_LONGEST_LINE]}…"
            for row in rows
        )

    def describe_exit(self) -> str:
        """Describe how it ended."""
        if self.missing:
            return self.missing
        if self.timed_out:
            return f"no response within {self.seconds:.0f} s"
        return describe_exit(self.code)


def describe_exit(code: int | None) -> str:
    """Describe how a program with an exit code ended."""
    if code is not None and code < 0:
        name = _signal_name(-code)
        hint = " (out of memory?)" if name == "SIGKILL" else ""
        return f"killed by {name}{hint}"
    return f"exit code {code}"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def find_program(name: str, path: str | None = None) -> Path | None:
    """Find a program on the search path (the given one or that of the process)."""
    found = shutil.which(name, path=path)
    return Path(found) if found else None


def kill_tree(process: subprocess.Popen[bytes]) -> None:
    """Kill the program and everything it started."""
    if _POSIX:
        # macOS refuses this for processes that have ended.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    elif process.poll() is None:
        subprocess.run(
            ["taskkill", "/F", "/T", "/PID", str(process.pid)],
            check=False,
            capture_output=True,
        )
    process.wait()


def stack_files(path: Path) -> list[Path]:
    """The files to which each process of the program writes its stack."""
    return sorted(path.parent.glob(f"{glob.escape(path.name)}.*"))


def _ask_for_stack(process: subprocess.Popen[bytes], path: Path) -> None:
    """Request the stack of each process, and give it a moment to write it."""
    if sys.platform == "win32":
        return
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGXCPU)
    end = time.monotonic() + _STACK_SECONDS
    sizes: list[int] = []
    while time.monotonic() < end:
        time.sleep(0.1)
        before, sizes = sizes, [file.stat().st_size for file in stack_files(path)]
        if all(sizes) and sizes == before:
            return


def _collect(stream: IO[bytes], sink: list[bytes]) -> None:
    while part := os.read(stream.fileno(), _PART):
        sink.append(part)
    stream.close()


def run_program(
    command: Sequence[str | Path],
    *,
    cwd: Path,
    timeout: float | None = None,
    variables: Mapping[str, str] | None = None,
    cancel: threading.Event | None = None,
) -> Outcome:
    """Run a program until it exits, times out or is canceled.

    Args:
        command: the program and its arguments; no shell is involved.
        cwd: the directory it runs in.
        timeout: seconds after which it and its children are killed.
        variables: the whole environment of the program; the current one if None.
            With that of our pytest plugin, it may write its stack before it is killed.
        cancel: an event that, once set, kills the program.

    Returns:
        The outcome; a program that cannot be started is an outcome, not an error.
    """
    words = tuple(str(word) for word in command)
    started = time.monotonic()
    try:
        process = subprocess.Popen(
            words,
            cwd=cwd,
            env=None if variables is None else dict(variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=_POSIX,
        )
    except OSError as error:
        reason = f"{words[0]}: {error.strerror or error}"
        return Outcome(words, None, "", "", 0.0, missing=reason)
    out: list[bytes] = []
    err: list[bytes] = []
    readers = _start_readers(process, out, err)
    timed_out = False
    try:
        timed_out = _wait(process, readers, started, timeout, cancel)
        if timed_out and variables and STACK_VARIABLE in variables:
            _ask_for_stack(process, Path(variables[STACK_VARIABLE]))
    finally:
        # Also end processes that a finished program left behind.
        kill_tree(process)
        if mark := own_mark(variables):
            end_leftovers(mark)
        for reader in readers:
            # A grandchild that left the group may keep the pipe open: do not wait
            # forever for something that was already judged.
            reader.join(5.0)
    raw = b"".join(out)
    return Outcome(
        words,
        process.returncode,
        raw.decode("utf-8", "replace"),
        b"".join(err).decode("utf-8", "replace"),
        time.monotonic() - started,
        timed_out=timed_out,
        raw=raw,
    )


def probe_program(
    command: Sequence[str],
    given: bytes,
    *,
    cwd: Path,
    timeout: float,
    variables: Mapping[str, str],
) -> bytes:
    """The output of a program for some arguments; empty if it fails."""
    try:
        done = subprocess.run(
            command,
            input=given,
            cwd=cwd,
            env=dict(variables),
            capture_output=True,
            timeout=timeout,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return b""
    return done.stdout


def _start_readers(
    process: subprocess.Popen[bytes], out: list[bytes], err: list[bytes]
) -> list[threading.Thread]:
    readers = [
        threading.Thread(target=_collect, args=(stream, sink), daemon=True)
        for stream, sink in ((process.stdout, out), (process.stderr, err))
        if stream is not None
    ]
    for reader in readers:
        reader.start()
    return readers


def _wait(
    process: subprocess.Popen[bytes],
    readers: Sequence[threading.Thread],
    started: float,
    timeout: float | None,
    cancel: threading.Event | None,
) -> bool:
    """Wait for the end; return whether the time limit was exceeded."""
    while True:
        # The end of output is signaled; the end of a process must be polled.
        asked = time.monotonic() + _POLL_SECONDS
        for reader in readers:
            reader.join(max(0.0, asked - time.monotonic()))
        writing = any(reader.is_alive() for reader in readers)
        try:
            process.wait(0 if writing else _POLL_SECONDS)
            return False
        except subprocess.TimeoutExpired:
            pass
        if cancel is not None and cancel.is_set():
            raise CanceledError(process.args)
        if timeout is not None and time.monotonic() - started > timeout:
            return True
