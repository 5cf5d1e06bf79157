"""What ``ci mcp check`` starts, calls and expects of an MCP server."""

from __future__ import annotations

from typing import Literal

import msgspec

from ci_engine.configuration.value_types import (
    Command,
    Seconds,
    StrictTable,
    Text,
    UrlPath,
)


class McpCall(StrictTable, frozen=True):
    """A call of a tool that does no harm, however often it is made.

    Attributes:
        tool: the name of the tool.
        arguments: what it is given.
    """

    tool: Text
    arguments: dict[str, object] = msgspec.field(default_factory=dict[str, object])


# Those that the pinned conformance suite has requirements of.
Revision = Literal["2025-11-25", "2026-07-28"]


class Mcp(StrictTable, frozen=True):
    """How the MCP server of the project is started, and what it has to do.

    Attributes:
        command: starts it over stdio in the project's environment, without a shell;
            empty = it has no stdio.
        http_command: starts it over streamable HTTP; it has to listen at {host} and
            {port}, which are also in the variables HOST and PORT; empty = it has no
            HTTP.
        http_path: the path of its endpoint.
        host: where it listens.
        protocols: versions of the protocol that it has to support; empty = at least
            one, and a warning names the others.
        snapshot: the file with the recorded names and schemas.
        calls: safe calls, in their order.
        call_read_only: whether tools that only read and need no arguments are called,
            resources read, and prompts without arguments fetched as well.
        stateless: whether several processes have to be able to answer one client.
        conformance: revisions of the protocol that the official conformance suite is
            run for, over HTTP; empty = it is not run.
        conformance_baseline: the file with the failures of the suite that are
            expected.
        start_seconds: how long the first response may take.
        answer_seconds: how long any other response may take.
        stop_seconds: how long it may take to exit.
    """

    command: Command
    http_command: Command
    http_path: UrlPath
    host: Text
    protocols: list[Text]
    snapshot: Text
    calls: list[McpCall]
    call_read_only: bool
    stateless: bool
    conformance: list[Revision]
    conformance_baseline: Text
    start_seconds: Seconds
    answer_seconds: Seconds
    stop_seconds: Seconds

    @property
    def configured(self) -> bool:
        """Whether there is a server to check."""
        return bool(self.command or self.http_command)


NO_MCP = Mcp(
    command="",
    http_command="",
    http_path="/mcp",
    host="127.0.0.1",
    protocols=[],
    snapshot="ci-framework/project/mcp-snapshot.json",
    calls=[],
    call_read_only=True,
    stateless=True,
    conformance=[],
    conformance_baseline="ci-framework/project/mcp-conformance.json",
    start_seconds=30.0,
    answer_seconds=30.0,
    stop_seconds=10.0,
)
