"""A server process: its limited output, and how it ended."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from subprocess import DEVNULL, PIPE
from typing import Any, cast

import anyio
from anyio.abc import ByteReceiveStream, ByteSendStream, Process
from mcp.shared.message import SessionMessage

from .json_messages import read_message

# Messages may be large; other output, and stderr, need not be.
_LONGEST_LINE = 32 * 1024 * 1024
_MOST_STRAY = 1024 * 1024
_MOST_STDERR = 64 * 1024 * 1024
_KEPT_STDERR = 8 * 1024
_SHOWN_STRAY = 3
_LONGEST_SHOWN = 200
_POLL_SECONDS = 0.02
_KILL_SECONDS = 2.0
_GONE = (anyio.ClosedResourceError, anyio.BrokenResourceError, OSError)


class ServerProcess:
    """A server that was started, over stdio or listening on a port.

    Attributes:
        answered: seconds from the start to the first message.
        stray: output on stdout that is not a message.
        flooded: the stream with too much output.
        exposed: whether it listens on other addresses than requested.
        ending: closed (its stdin), terminated or killed; early if nothing stopped it.
    """

    def __init__(self, process: Process, stop_seconds: float) -> None:
        self.process = process
        self.stop_seconds = stop_seconds
        self.started = time.monotonic()
        self.answered = 0.0
        self.stray: list[str] = []
        self.stray_lines = 0
        self.flooded = ""
        self.exposed = False
        self.ending = ""
        self.stop_took = 0.0
        self.left_behind = False
        self._stray_bytes = 0
        self._stderr = b""
        self._stdout_ended = anyio.Event()

    @property
    def code(self) -> int | None:
        """The exit code."""
        return self.process.returncode

    @property
    def stderr(self) -> str:
        """The last part of its stderr."""
        return self._stderr.decode("utf-8", "replace").strip()

    def facts(self) -> dict[str, object]:
        """The facts for the report."""
        return {
            "answered": self.answered,
            "stray": self.stray,
            "stray_lines": self.stray_lines,
            "flooded": self.flooded,
            "exposed": self.exposed,
            "ending": self.ending,
            "stop_took": self.stop_took,
            "left_behind": self.left_behind,
            "code": self.code,
            "stderr": self.stderr,
        }

    @asynccontextmanager
    async def messages(self) -> AsyncGenerator[tuple[Any, Any]]:
        """The message streams, as a transport of the SDK."""
        incoming, received = anyio.create_memory_object_stream[
            SessionMessage | Exception
        ](0)
        outgoing, sent = anyio.create_memory_object_stream[SessionMessage](0)
        async with received, outgoing, anyio.create_task_group() as group:
            group.start_soon(self._read_messages, incoming)
            group.start_soon(self._write_messages, sent, incoming)
            group.start_soon(self._read_stderr)
            try:
                yield received, outgoing
            finally:
                with anyio.CancelScope(shield=True):
                    received.close()
                    outgoing.close()
                    await self.stop(listens=False)
                group.cancel_scope.cancel()

    @asynccontextmanager
    async def output(self) -> AsyncGenerator[None]:
        """Read the output of a server that listens on a port, and stop it."""
        async with anyio.create_task_group() as group:
            group.start_soon(self._drain_stdout)
            group.start_soon(self._read_stderr)
            try:
                yield
            finally:
                with anyio.CancelScope(shield=True):
                    await self.stop(listens=True)
                group.cancel_scope.cancel()

    async def stop(self, *, listens: bool) -> None:
        """Stop it as a client does: close stdin, or terminate a listening server."""
        if self._stdout_ended.is_set():
            # It closed its output: check whether it ended before asking it to.
            await self._ends_within(1.0)
        if self.code is not None:
            self.ending = "early"
        else:
            await self._stop(listens=listens)
        with anyio.move_on_after(1.0):
            await self._stdout_ended.wait()
        self.left_behind = not self._stdout_ended.is_set()

    async def _stop(self, *, listens: bool) -> None:
        began = time.monotonic()
        self.ending = "terminated" if listens else "closed"
        if listens:
            self.process.terminate()
        elif self.process.stdin is not None:
            with suppress(*_GONE):
                await self.process.stdin.aclose()
        if not await self._ends_within(self.stop_seconds):
            self.ending = "killed"
            self.process.kill()
            await self._ends_within(_KILL_SECONDS)
        self.stop_took = time.monotonic() - began

    async def _ends_within(self, seconds: float) -> bool:
        end = time.monotonic() + seconds
        while self.code is None:
            if time.monotonic() > end:
                return False
            await anyio.sleep(_POLL_SECONDS)
        return True

    def _flood(self, stream: str) -> None:
        if not self.flooded:
            self.flooded = stream
            with suppress(ProcessLookupError):
                self.process.kill()

    async def _read_messages(self, incoming: Any) -> None:  # noqa: ANN401
        stream, rest = self.process.stdout, b""
        wanted = True
        async with incoming:
            async for chunk in _chunks(stream):
                lines = (rest + chunk).split(b"\n")
                rest = lines.pop()
                for line in lines:
                    message = self._message(line)
                    if message is None or not wanted:
                        continue
                    try:
                        await incoming.send(message)
                    except _GONE:
                        # The client has what it needs; read the output to the end.
                        wanted = False
                if len(rest) > _LONGEST_LINE:
                    self._flood("stdout")
                    break
            if rest.strip():
                self._keep_stray(rest)
            self._stdout_ended.set()

    def _message(self, line: bytes) -> SessionMessage | None:
        """The message in a line, None if there is none."""
        try:
            # Only UTF-8, and no batches, which newer versions of the protocol removed.
            message = read_message(line.decode("utf-8"))
        except ValueError:
            self._keep_stray(line)
            return None
        self.answered = self.answered or time.monotonic() - self.started
        return SessionMessage(message)

    def _keep_stray(self, line: bytes) -> None:
        self.stray_lines += 1
        self._stray_bytes += len(line) + 1
        if len(self.stray) < _SHOWN_STRAY:
            text = line.decode("utf-8", "replace").rstrip("\r")
            self.stray.append(text[:_LONGEST_SHOWN])
        if self._stray_bytes > _MOST_STRAY:
            self._flood("stdout")

    async def _write_messages(self, sent: Any, incoming: Any) -> None:  # noqa: ANN401
        stdin = self.process.stdin
        try:
            async for message in sent:
                text = message.message.model_dump_json(
                    by_alias=True, exclude_unset=True
                )
                await cast("ByteSendStream", stdin).send(f"{text}\n".encode())
        except _GONE:
            # A request that cannot be sent gets no response either.
            await incoming.aclose()

    async def _drain_stdout(self) -> None:
        total = 0
        async for chunk in _chunks(self.process.stdout):
            total += len(chunk)
            if total > _MOST_STDERR:
                self._flood("stdout")
        self._stdout_ended.set()

    async def _read_stderr(self) -> None:
        total = 0
        async for chunk in _chunks(self.process.stderr):
            total += len(chunk)
            self._stderr = (self._stderr + chunk)[-_KEPT_STDERR:]
            if total > _MOST_STDERR:
                self._flood("stderr")


async def _chunks(stream: ByteReceiveStream | None) -> AsyncGenerator[bytes]:
    """The chunks of a stream, until one of its sides is closed."""
    if stream is None:
        return
    with suppress(anyio.EndOfStream, *_GONE):
        while True:
            yield await stream.receive()


async def start_server(
    argv: Sequence[str],
    directory: str,
    variables: Mapping[str, str],
    stop_seconds: float,
    *,
    listens: bool = False,
) -> ServerProcess:
    """Start a process of the server, in the process group of this one.

    Raises:
        OSError: if it cannot be started.
    """
    process = await anyio.open_process(
        list(argv),
        stdin=DEVNULL if listens else PIPE,
        stdout=PIPE,
        stderr=PIPE,
        cwd=directory,
        env=dict(variables),
    )
    return ServerProcess(process, stop_seconds)


def plain(value: Any) -> Any:  # noqa: ANN401
    """A result of the SDK as plain data, in its wire format."""
    return json.loads(value.model_dump_json(by_alias=True, exclude_none=True))
