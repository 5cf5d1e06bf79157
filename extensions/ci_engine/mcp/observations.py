"""What the isolated client reports of a server, typed."""

from __future__ import annotations

from typing import Literal

import msgspec

HANDSHAKE, MODERN = "handshake", "2026-07-28"
Item = dict[str, object]
FailureKind = Literal["timeout", "closed", "invalid", "refused", "ended", "silent"]


class Failure(msgspec.Struct, frozen=True):
    """Why something was not answered as it should be."""

    kind: FailureKind
    text: str


class Listing(msgspec.Struct, frozen=True):
    """One list of a server: tools, resources, resource-templates or prompts."""

    items: list[Item]
    failure: Failure | None


class Call(msgspec.Struct, frozen=True):
    """A call that was made.

    Attributes:
        kind: tool, resource, prompt; list for the lists, start for a process.
        result: the answer as JSON text; None if there is none.
    """

    kind: str
    name: str
    arguments: dict[str, object]
    result: str | None
    failure: Failure | None

    @property
    def label(self) -> str:
        """What was called, for people."""
        if self.kind == "list":
            return "the lists"
        if self.kind == "start":
            return "the connection"
        given = msgspec.json.encode(self.arguments).decode() if self.arguments else ""
        return f"{self.kind} {self.name!r}" + (f" with {given}" if given else "")


class UnknownTool(msgspec.Struct, frozen=True):
    """How the server answered the call of a tool that it does not have."""

    refused: bool
    failure: Failure | None


class HttpAnswer(msgspec.Struct, frozen=True):
    """How the endpoint answered over HTTP: the first unusual answer, else the last."""

    status: int
    content_type: str
    location: str


class Process(msgspec.Struct, frozen=True):
    """How a process of the server behaved; see ``mcp_client/server_process.py``."""

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
        protocol: the version that was agreed on; empty if there was no agreement.
        left_out: tools that only read, and were not called for want of arguments.
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
        """Whether everything it lists is known."""
        return self.lists is not None and not self.failing_lists

    @property
    def failing_lists(self) -> dict[str, Failure]:
        """The lists that the server has, and did not give."""
        lists = self.lists or {}
        return {name: each.failure for name, each in lists.items() if each.failure}

    @property
    def label(self) -> str:
        """Transport and version, for people."""
        return f"{self.transport}, {self.protocol or self.era}"


class Rounds(msgspec.Struct, frozen=True):
    """The same calls, made by one process, by two in turn, and again by one."""

    one: list[Call] = []
    two: list[Call] = []
    again: list[Call] = []


class Observations(msgspec.Struct, frozen=True):
    """Everything that was observed.

    Attributes:
        newest: the newest version with a handshake that the client speaks.
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
        """The session whose lists stand for the server: of the newest version."""
        known = [each for each in self.sessions if each.complete]
        return max(known, key=lambda each: each.era == MODERN, default=None)

    @property
    def protocols(self) -> list[str]:
        """The versions that the server speaks, over whichever transport."""
        return sorted({each.protocol for each in self.sessions if each.connected})
