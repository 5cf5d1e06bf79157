"""Observations of an MCP server, made by hand."""

from __future__ import annotations

import msgspec

from ci_engine.configuration.mcp_settings import NO_MCP, Mcp
from ci_engine.findings.results import CheckResult
from ci_engine.mcp.observations import (
    HANDSHAKE,
    MODERN,
    Call,
    Failure,
    FailureKind,
    HttpAnswer,
    Item,
    Listing,
    Observations,
    Process,
    Rounds,
    Session,
    UnknownTool,
)

SETTINGS = msgspec.structs.replace(NO_MCP, command="server", http_command="server")
OLD = "2025-11-25"
TOOL: Item = {"name": "double", "inputSchema": {"type": "object"}}
_PROCESS = Process(0.1, [], 0, "", "closed", 0.1, False, 0, "")  # noqa: FBT003
_SESSION = Session(
    transport="stdio",
    era=MODERN,
    protocol=MODERN,
    server="raw 1",
    failure=None,
    lists=None,
    calls=[],
    left_out=[],
    unknown=UnknownTool(refused=True, failure=None),
    process=_PROCESS,
)


def lists(*tools: Item, **others: Listing) -> dict[str, Listing]:
    """The lists of a server with some tools."""
    kinds = ("resources", "resource-templates", "prompts")
    empty = {kind: Listing([], None) for kind in kinds}
    return {"tools": Listing(list(tools), None), **empty, **others}


def process(**changes: object) -> Process:
    """A process without problems, but for some changes."""
    return msgspec.structs.replace(_PROCESS, **changes)


def session(**changes: object) -> Session:
    """A conversation without a handshake that went well, but for some changes."""
    usual = msgspec.structs.replace(_SESSION, lists=lists(TOOL))
    return msgspec.structs.replace(usual, **changes)


def older(**changes: object) -> Session:
    """A conversation with a handshake."""
    return session(**{"era": HANDSHAKE, "protocol": OLD, **changes})


def silent(
    kind: FailureKind = "refused", text: str = "no", **changes: object
) -> Session:
    """A failed conversation."""
    nothing: dict[str, object] = {"protocol": "", "lists": None, "server": ""}
    return session(**{**nothing, "failure": Failure(kind, text), **changes})


def over_http(answer: tuple[int, str, str] | None = None, **changes: object) -> Session:
    """A failed conversation over HTTP, with its response."""
    http = HttpAnswer(*answer) if answer else None
    usual: dict[str, object] = {"transport": "http", "http": http}
    return msgspec.structs.replace(silent(), **{**usual, **changes})


def call(
    name: str = "double",
    result: str | None = "{}",
    failure: Failure | None = None,
    kind: str = "tool",
) -> Call:
    """A call that was made."""
    return Call(kind, name, {}, result, failure)


def observed(*sessions: Session, rounds: Rounds | None = None) -> Observations:
    """Everything that was observed."""
    return Observations(list(sessions), rounds or Rounds(), OLD)


def settings(**changes: object) -> Mcp:
    """The settings of a server with both transports."""
    return msgspec.structs.replace(SETTINGS, **changes)


def messages_of(check: CheckResult) -> str:
    """The findings of a check, one after another."""
    return "\n".join(f"{each.severity}: {each.message}" for each in check.findings)
