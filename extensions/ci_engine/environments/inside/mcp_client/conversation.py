"""The requests of a client to a server: lists and calls, in order."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, cast

from mcp import Client
from mcp.client import session as of_sdk
from mcp_types import DiscoverResult

from .failures import explain
from .schemas import schema_problems
from .server_process import plain

HANDSHAKE, MODERN = "handshake", "2026-07-28"
_MOST_PAGES = 100
_NO_TOOL = "ci-framework-no-such-tool"
Facts = dict[str, Any]
# The lists of a server: method, capability, and the field with the items.
_LISTS = {
    "tools": ("list_tools", "tools", "tools"),
    "resources": ("list_resources", "resources", "resources"),
    "resource-templates": (
        "list_resource_templates",
        "resources",
        "resourceTemplates",
    ),
    "prompts": ("list_prompts", "prompts", "prompts"),
}


def connect(
    transport: Any,  # noqa: ANN401 - one of the SDK
    era: str,
    answer_seconds: float,
    known: DiscoverResult | None = None,
) -> Client:
    """A client of one era, without a cache of responses.

    Args:
        transport: the transport of the messages.
        era: with the handshake, or without one.
        answer_seconds: the time limit of a response.
        known: the server's description from an earlier request.
    """
    return Client(
        transport,
        mode="legacy" if era == HANDSHAKE else MODERN,
        read_timeout_seconds=answer_seconds,
        cache=None,
        prior_discover=known,
    )


async def discover(client: Client, seconds: float) -> DiscoverResult:
    """Request the description of a server without a handshake, and keep it.

    Raises:
        MCPError: if the server refuses, or does not respond.
    """
    # The client's own limit is too short for a busy machine.
    of_sdk.__dict__["DISCOVER_TIMEOUT_SECONDS"] = seconds
    raw = await client.session.send_discover(MODERN)
    known = DiscoverResult.model_validate(raw)
    client.session.adopt(known)
    return known


async def read_lists(client: Client) -> Facts:
    """Read every list of the server; a list that it does not have is empty."""
    capabilities = plain(client.server_capabilities)
    found: Facts = {}
    for kind, (method, capability, key) in _LISTS.items():
        found[kind] = {"items": [], "failure": None}
        if capability not in capabilities:
            continue
        try:
            found[kind]["items"] = await _pages(client, method, key)
        except Exception as error:
            found[kind]["failure"] = explain(error)
            if found[kind]["failure"]["kind"] in ("timeout", "closed"):
                break
    for tool in found["tools"]["items"]:
        for key in ("inputSchema", "outputSchema"):
            if key in tool:
                tool.setdefault("problems", {})[key] = schema_problems(tool[key])
    return found


async def _pages(client: Client, method: str, key: str) -> list[Facts]:
    found: list[Facts] = []
    cursor: str | None = None
    for _ in range(_MOST_PAGES):
        page = plain(await getattr(client, method)(cursor=cursor))
        found += page[key]
        cursor = page.get("nextCursor")
        if cursor is None:
            return found
    message = f"the list does not end after {_MOST_PAGES} pages"
    raise ValueError(message)


def plan_calls(lists: Facts, declared: Sequence[Facts], *, read_only: bool) -> Facts:
    """Plan the calls: those in the settings, and those that only read.

    Returns:
        The calls, and the read-only tools that need arguments.
    """
    calls = [
        {"kind": "tool", "name": call["tool"], "arguments": call["arguments"]}
        for call in declared
    ]
    named = {call["tool"] for call in declared}
    left_out: list[str] = []
    if not read_only:
        return {"calls": calls, "left_out": left_out}
    for tool in lists["tools"]["items"]:
        if tool["name"] in named or not tool.get("annotations", {}).get("readOnlyHint"):
            continue
        if _needs_arguments(tool):
            left_out.append(tool["name"])
            continue
        calls.append({"kind": "tool", "name": tool["name"], "arguments": {}})
    calls += [
        {"kind": "resource", "name": resource["uri"], "arguments": {}}
        for resource in lists["resources"]["items"]
    ]
    calls += [
        {"kind": "prompt", "name": prompt["name"], "arguments": {}}
        for prompt in lists["prompts"]["items"]
        if not any(each.get("required") for each in prompt.get("arguments", []))
    ]
    return {"calls": calls, "left_out": left_out}


def _needs_arguments(tool: Facts) -> bool:
    schema: Any = tool.get("inputSchema")
    return bool(isinstance(schema, dict) and cast("Facts", schema).get("required"))


async def call(client: Client, wanted: Facts) -> Facts:
    """Make a call, and record the response as a client sees it."""
    kind, name = wanted["kind"], wanted["name"]
    facts: Facts = {**wanted, "result": None, "failure": None}
    try:
        if kind == "tool":
            # The session checks the result against the output schema.
            answer = await client.session.call_tool(
                name, wanted["arguments"], allow_input_required=True
            )
            result = plain(answer)
        elif kind == "resource":
            result = plain(await client.read_resource(name))
        else:
            result = plain(await client.get_prompt(name, wanted["arguments"]))
    except Exception as error:
        facts["failure"] = explain(error)
        return facts
    facts["result"] = _comparable(result)
    return facts


def _comparable(result: Facts) -> str:
    """The comparable parts of a response, as text."""
    apart = ("_meta", "ttlMs", "cacheScope", "resultType")
    kept = {key: value for key, value in result.items() if key not in apart}
    return json.dumps(kept, sort_keys=True, ensure_ascii=False)


async def run_rounds(
    clients: Sequence[Client], calls: Sequence[Facts], made: list[Facts]
) -> list[Facts]:
    """Make every call twice, alternating between clients.

    In the second round each call is made by another client than in the first.

    Args:
        clients: the clients, in turn.
        calls: the calls to make.
        made: receives every call, including one that ends the conversation.
    """
    for turn in range(2):
        listed = clients[turn % len(clients)]
        names: Facts = {"kind": "list", "name": "tools", "arguments": {}}
        try:
            lists = await read_lists(listed)
        except Exception as error:
            made.append({**names, "result": None, "failure": explain(error)})
            return made
        failures = [each["failure"] for each in lists.values() if each["failure"]]
        result = json.dumps(lists, sort_keys=True)
        failure = failures[0] if failures else None
        made.append({**names, "result": result, "failure": failure})
        for position, wanted in enumerate(calls, 1):
            client = clients[(turn + position) % len(clients)]
            ended = {"kind": "closed", "text": "the connection ended"}
            made.append({**wanted, "result": None, "failure": ended})
            made[-1] = await call(client, wanted)
            failure = made[-1]["failure"]
            if failure and failure["kind"] in ("timeout", "closed"):
                return made
    return made


async def call_unknown(client: Client) -> Facts:
    """Call a tool that does not exist: the response must be an error."""
    facts = await call(client, {"kind": "tool", "name": _NO_TOOL, "arguments": {}})
    result = json.loads(facts["result"] or "{}")
    refused = bool(facts["failure"] and facts["failure"]["kind"] == "refused")
    return {
        "refused": refused or bool(result.get("isError")),
        "failure": None if refused else facts["failure"],
    }
