"""The typed report of the isolated client."""

from __future__ import annotations

from http import HTTPStatus
from typing import Literal

import msgspec

HANDSHAKE, MODERN = "handshake", "2026-07-28"
Item = dict[str, object]
FailureKind = Literal["timeout", "closed", "invalid", "refused", "ended", "silent"]


class Failure(msgspec.Struct, frozen=True):
    """Why a request has no valid response."""

    kind: FailureKind
    text: str


class Listing(msgspec.Struct, frozen=True):
    """One list of a server: tools, resources, resource-templates or prompts."""

    items: list[Item]
    failure: Failure | None


class Call(msgspec.Struct, frozen=True):
    """One call.

    Attributes:
        kind: tool, resource, prompt; list for the lists, start for a process.
        result: the response as JSON text; None if there is none.
    """

    kind: str
    name: str
    arguments: dict[str, object]
    result: str | None
    failure: Failure | None

    @property
    def label(self) -> str:
        """The name of the call for display."""
        if self.kind == "list":
            return "the lists"
        if self.kind == "start":
            return "the connection"
        given = msgspec.json.encode(self.arguments).decode() if self.arguments else ""
        return f"{self.kind} {self.name!r}" + (f" with {given}" if given else "")


class UnknownTool(msgspec.Struct, frozen=True):
    """The response to a call of a tool that does not exist."""

    refused: bool
    failure: Failure | None


class HttpAnswer(msgspec.Struct, frozen=True):
    """The HTTP response of the endpoint: the first unusual one, else the last."""

    status: int
    content_type: str
    location: str


class Process(msgspec.Struct, frozen=True):
    """The behavior of a server process; see ``mcp_client/server_process.py``."""

    answered: float
    stray: list[str]
    stray_lines: int
    flooded: str
    ending: Literal["", "closed", "terminated", "killed", "early"]
    stop_took: float
    left_behind: bool
    code: int | None
    stderr: str
    exposed: bool = False


class Session(msgspec.Struct, frozen=True):
    """One conversation, of one era over one transport.

    Attributes:
        era: with the handshake, or the version without one.
        protocol: the negotiated version; empty if there was none.
        left_out: read-only tools that were not called because they need arguments.
    """

    transport: Literal["stdio", "http"]
    era: str
    protocol: str
    server: str
    failure: Failure | None
    lists: dict[str, Listing] | None
    calls: list[Call]
    left_out: list[str]
    unknown: UnknownTool | None
    process: Process | None
    http: HttpAnswer | None = None

    @property
    def connected(self) -> bool:
        """Whether client and server agreed on a version."""
        return bool(self.protocol)

    @property
    def complete(self) -> bool:
        """Whether all of its lists are known."""
        return self.lists is not None and not self.failing_lists

    @property
    def failing_lists(self) -> dict[str, Failure]:
        """The lists that the server declares, but did not return."""
        lists = self.lists or {}
        return {name: each.failure for name, each in lists.items() if each.failure}

    @property
    def declined(self) -> bool:
        """Whether the endpoint rejected a version with an HTTP error of the client."""
        status = self.http.status if self.http else 0
        error = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
        return error and self.failure is not None

    @property
    def label(self) -> str:
        """Transport and version, for display."""
        return f"{self.transport}, {self.protocol or self.era}"


class Rounds(msgspec.Struct, frozen=True):
    """The same calls to one process, to two alternately, and again to one."""

    one: list[Call] = []
    two: list[Call] = []
    again: list[Call] = []


class Observations(msgspec.Struct, frozen=True):
    """All observations.

    Attributes:
        newest: the newest version with a handshake that the client supports.
        not_started: why the command could not be executed.
    """

    sessions: list[Session]
    rounds: Rounds
    newest: str = ""
    not_started: str = ""

    def of_transport(self, transport: str) -> list[Session]:
        """The sessions over one transport."""
        return [each for each in self.sessions if each.transport == transport]

    @property
    def reference(self) -> Session | None:
        """The session with the newest version, whose lists are used."""
        known = [each for each in self.sessions if each.complete]
        return max(known, key=lambda each: each.era == MODERN, default=None)

    @property
    def protocols(self) -> list[str]:
        """The versions that the server supports, over any transport."""
        return sorted({each.protocol for each in self.sessions if each.connected})
