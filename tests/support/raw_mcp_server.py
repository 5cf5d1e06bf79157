"""An MCP server without an SDK, which starts quickly and can misbehave.

Usage: ``raw_mcp_server.py [FAULT…]``;
it supports both versions of the protocol over stdio.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from typing import Any

FAULTS = frozenset(sys.argv[1:])
MODERN = "2026-07-28"
CALLED: list[str] = []
OBJECT: dict[str, Any] = {"type": "object", "properties": {}}
TOOLS: list[dict[str, Any]] = [
    {
        "name": "double",
        "description": "Double a number.",
        "inputSchema": {
            "type": "object",
            "properties": {"number": {"type": "integer"}},
            "required": ["number"],
        },
        "outputSchema": {
            "type": "object",
            "properties": {"result": {"type": "integer"}},
            "required": ["result"],
        },
    },
    {
        "name": "state",
        "description": "",
        "inputSchema": OBJECT,
        "annotations": {"readOnlyHint": True},
    },
]
if "wrong-schema" in FAULTS:
    TOOLS[0]["inputSchema"]["properties"]["number"]["type"] = "int"
if "bad-reference" in FAULTS:
    TOOLS[0]["inputSchema"]["properties"]["number"] = {"$ref": "#/$defs/none"}
if "renamed" in FAULTS:
    TOOLS[1]["name"] = "status"
if "infinite-default" in FAULTS:
    TOOLS[0]["inputSchema"]["properties"]["number"]["default"] = float("-inf")
if "twice" in FAULTS:
    TOOLS.append(dict(TOOLS[0]))
if "new-argument" in FAULTS:
    TOOLS[0]["inputSchema"]["properties"]["base"] = {"type": "integer"}


def call(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    CALLED.append(name)
    if "crash-in-call" in FAULTS:
        os._exit(3)
    if name == "double":
        value: Any = arguments["number"] * 2
        if "not-a-number" in FAULTS:
            # Python's own writer of JSON writes it as NaN.
            value = float("nan")
        if "wrong-result" in FAULTS:
            value = str(value)
        content = {"result": value}
        return {"structuredContent": content, "content": text(str(value))}
    if name == TOOLS[1]["name"]:
        if "error-result" in FAULTS:
            return {"content": text("no database"), "isError": True}
        seen = len(CALLED) if "stateful" in FAULTS else 0
        seen = os.getpid() if "random" in FAULTS else seen
        seen = time.monotonic_ns() if "clock" in FAULTS else seen
        return {"content": text(f"calls so far: {seen}")}
    if "catch-all" in FAULTS:
        return {"content": text("yes")}
    raise KeyError(name)


def text(value: str) -> list[dict[str, str]]:
    return [{"type": "text", "text": value}]


def answer(method: str, params: dict[str, Any]) -> dict[str, Any]:
    identity = {"name": "raw", "version": "1"}
    if method == "initialize" and "modern-only" not in FAULTS:
        return {
            "protocolVersion": "2025-11-25",
            "capabilities": {"tools": {}},
            "serverInfo": identity,
        }
    if "handshake-only" in FAULTS and method == "server/discover":
        raise KeyError(method)
    if method == "server/discover":
        return {
            "supportedVersions": [MODERN],
            "capabilities": {"tools": {}},
            "ttlMs": 0,
            "cacheScope": "public",
            "_meta": {"io.modelcontextprotocol/serverInfo": identity},
        }
    if method == "tools/list":
        return {"tools": TOOLS, "ttlMs": 0, "cacheScope": "public"}
    if method == "tools/call":
        return call(params["name"], params.get("arguments") or {})
    raise KeyError(method)


def write(text_line: str) -> None:
    sys.stdout.write(f"{text_line}\n")
    sys.stdout.flush()


def misbehave_at_start() -> None:
    if "crash" in FAULTS:
        sys.exit("no configuration file")
    if "chatty" in FAULTS:
        write("Starting the server")
    if "slow" in FAULTS:
        time.sleep(1.2)
    while "flood" in FAULTS:
        write("x" * 1000)
    if "hang" in FAULTS:
        time.sleep(60)


def respond(request: dict[str, Any]) -> dict[str, Any]:
    """The message that answers a request."""
    kind = {"resultType": "complete"} if MODERN in json.dumps(request) else {}
    message: dict[str, Any] = {"jsonrpc": "2.0", "id": request["id"]}
    try:
        result = answer(request["method"], request.get("params") or {})
        message["result"] = {**result, **kind}
    except KeyError as error:
        message["error"] = {"code": -32601, "message": f"unknown: {error}"}
    return message


def serve() -> None:
    for line in sys.stdin:
        request = json.loads(line)
        if "id" in request:
            write(json.dumps(respond(request)))


if __name__ == "__main__":
    misbehave_at_start()
    serve()
    if "no-end" in FAULTS:
        threading.Event().wait(60)
    if "exit-code" in FAULTS:
        sys.exit(7)
