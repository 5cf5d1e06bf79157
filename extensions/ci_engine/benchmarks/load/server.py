"""Start the server of a load test, wait until it is ready, and stop it."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ci_engine.benchmarks.sides import Side
from ci_engine.configuration.command_lines import argv_of
from ci_engine.configuration.load_settings import LoadTest
from ci_engine.errors import ToolError
from ci_engine.processes.activity import activity
from ci_engine.processes.ports import accepts_connections, free_port, listening, netloc
from ci_engine.processes.services import Service

_POLL_SECONDS = 0.05
_PROBE_SECONDS = 5.0
# A port may be released a moment after its process has ended.
_RELEASE_SECONDS = 2.0
_FIRST_ERROR = 400


class ServerError(Exception):
    """The server is not usable for a load test.

    Attributes:
        output: the last lines of its output.
        timed_out: whether it took too long.
    """

    def __init__(self, message: str, output: str, *, timed_out: bool = False) -> None:
        """Create the error with the end of the output."""
        super().__init__(message)
        self.output = output
        self.timed_out = timed_out


@dataclass
class Server:
    """The server of one run.

    Attributes:
        notes: remarks about processes it left behind.
    """

    settings: LoadTest
    side: Side
    output: Path
    cancel: threading.Event
    notes: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        host = self.settings.host
        self.port = self.settings.port or free_port(host)
        self.address = netloc(host, self.port)

    @contextmanager
    def running(self) -> Generator[Service]:
        """Start it, wait until it is ready, and stop it at the end.

        Raises:
            ServerError: if it does not start, is never ready, ends, or does not stop.
            ToolError: if another program uses its port.
        """
        if accepts_connections(self.settings.host, self.port):
            raise ToolError(
                f"{self.address} is in use before the server is started",
                hint="stop what listens there, or set performance.load.port to 0",
            )
        service = self._start()
        try:
            with activity(f"waiting for the server of the {self.side.name}"):
                self._wait(service)
            yield service
        finally:
            stopped = service.stop(self.settings.stop_seconds)
            if stopped.left:
                self.notes.append(
                    f"the server of the {self.side.name} left {stopped.left} "
                    "processes outside of its process group, which were killed"
                )
        if stopped.killed:
            raise ServerError(
                f"the server did not stop within {self.settings.stop_seconds:g} s",
                service.tail(),
                timed_out=True,
            )
        if not self._is_released():
            message = f"{self.address} is still in use after the server was stopped"
            raise ServerError(message, service.tail())

    def _start(self) -> Service:
        environment = self.side.environment
        argv, variables = listening(
            argv_of("performance.load.command", self.settings.command),
            environment.variables,
            self.settings.host,
            self.port,
        )
        try:
            return Service(
                [*environment.prefix, *argv],
                cwd=self.side.root,
                variables=variables,
                output=self.output,
            )
        except OSError as error:
            reason = error.strerror or str(error)
            raise ServerError(f"{argv[0]} cannot be started: {reason}", "") from error

    def _wait(self, service: Service) -> None:
        seconds = self.settings.ready_seconds
        problem = service.wait_until_ready(self._probe, seconds, self.cancel)
        if not problem:
            return
        ended = service.ended
        why = f"was not ready within {seconds:g} s: {problem}"
        if ended:
            why = f"ended before it was ready: {ended}"
        raise ServerError(f"the server {why}", service.tail(), timed_out=not ended)

    def _probe(self) -> str:
        """Why it is not ready; empty if it is."""
        settings = self.settings
        if not accepts_connections(settings.host, self.port):
            return f"nothing listens on {self.address}"
        if not settings.ready:
            return ""
        connection = http.client.HTTPConnection(
            settings.host,
            self.port,
            timeout=min(_PROBE_SECONDS, settings.ready_seconds),
        )
        asked = f"GET {settings.ready}"
        try:
            connection.request("GET", settings.ready)
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            return f"{asked}: {error or type(error).__name__}"
        finally:
            connection.close()
        return "" if status < _FIRST_ERROR else f"{asked} responds with {status}"

    def _is_released(self) -> bool:
        end = time.monotonic() + _RELEASE_SECONDS
        while accepts_connections(self.settings.host, self.port):
            if time.monotonic() > end:
                return False
            time.sleep(_POLL_SECONDS)
        return True
