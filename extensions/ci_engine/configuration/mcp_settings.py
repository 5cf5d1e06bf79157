"""Settings of ``ci mcp check``: how to start an MCP server, and what to expect."""

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
    """A call of a tool that is safe to repeat.

    Attributes:
        tool: the name of the tool.
        arguments: the arguments of the call.
    """

    tool: Text
    arguments: dict[str, object] = msgspec.field(default_factory=dict[str, object])


# The protocol versions that the pinned conformance suite covers.
Revision = Literal["2025-11-25", "2026-07-28"]


class Mcp(StrictTable, frozen=True):
    """How to start the MCP server of the project, and what to expect of it.

    Attributes:
        command: starts it over stdio in the project's environment, without a shell;
            empty = it does not support stdio.
        http_command: starts it over streamable HTTP; it must listen on {host} and
            {port}, which are also in the variables HOST and PORT; empty = it does not
            support HTTP.
        http_path: the path of its endpoint.
        host: where it listens.
        protocols: versions of the protocol that it must support; empty = at least
            one; a warning names the others.
        snapshot: the file with the recorded names and schemas.
        calls: safe calls, in their order.
        call_read_only: whether to call tools that only read and need no arguments,
            read resources, and get prompts without arguments.
        stateless: whether one client's requests may go to several server processes.
        conformance: protocol revisions to run the official conformance suite for,
            over HTTP; empty = do not run it.
        conformance_baseline: the file with the expected failures of the conformance
            suite.
        start_seconds: seconds until the first response.
        answer_seconds: seconds until any other response.
        stop_seconds: seconds it may take to exit.
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
