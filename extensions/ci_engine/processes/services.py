"""Run a program in the background, such as a server, and stop it with its children."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ci_engine.processes.leftovers import MARK_VARIABLE, end_leftovers, inner_mark
from ci_engine.processes.programs import CanceledError, describe_exit, kill_tree

_POLL_SECONDS = 0.05
_MOST_OUTPUT = 20_000


@dataclass(frozen=True)
class Stopped:
    """How a program was stopped.

    Attributes:
        killed: whether it did not exit by itself.
        left: how many processes outside its process group were killed as well.
    """

    killed: bool
    left: int


class Service:
    """A program that runs until it is stopped.

    Its output goes to a file, so that a process that outlives it cannot block a reader.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        cwd: Path,
        variables: Mapping[str, str],
        output: Path,
    ) -> None:
        """Start the program.

        Raises:
            OSError: if it cannot be started.
        """
        self.output = output
        self._mark = inner_mark(uuid.uuid4().hex, variables)
        with output.open("wb") as stream:
            self._process = subprocess.Popen(
                list(command),
                cwd=cwd,
                env={**variables, MARK_VARIABLE: self._mark},
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=os.name == "posix",
            )

    @property
    def ended(self) -> str:
        """How the program ended by itself; empty while it runs."""
        code = self._process.poll()
        return "" if code is None else describe_exit(code)

    def wait_until_ready(
        self, problem: Callable[[], str], seconds: float, cancel: threading.Event
    ) -> str:
        """Wait until the program is ready, ends or has taken too long.

        Args:
            problem: why the program is not ready; empty if it is.
            seconds: how long it may take.
            cancel: set when the run is canceled.

        Returns:
            Why it is not ready; empty if it is.

        Raises:
            CanceledError: if the run is canceled.
        """
        end = time.monotonic() + seconds
        while found := self.ended or problem():
            if cancel.is_set():
                raise CanceledError(self.output.stem)
            if self.ended or time.monotonic() > end:
                return self.ended or found
            time.sleep(_POLL_SECONDS)
        return ""

    def stop(self, grace: float) -> Stopped:
        """Stop the program and everything that it started.

        Args:
            grace: seconds it may take to exit by itself.
        """
        killed = not self.ended and not self._end_politely(grace)
        kill_tree(self._process)
        return Stopped(killed, end_leftovers(self._mark))

    def tail(self, lines: int = 15) -> str:
        """The last lines of its output."""
        with contextlib.suppress(OSError), self.output.open("rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, size - _MOST_OUTPUT))
            text = stream.read().decode("utf-8", "replace")
            return "\n".join(text.strip().splitlines()[-lines:])
        return ""

    def _end_politely(self, grace: float) -> bool:
        if sys.platform == "win32":
            self._process.terminate()
        else:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGTERM)
        end = time.monotonic() + grace
        while not self.ended:
            if time.monotonic() > end:
                return False
            time.sleep(_POLL_SECONDS)
        return True
