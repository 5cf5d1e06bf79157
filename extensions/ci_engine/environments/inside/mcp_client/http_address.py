"""The HTTP address of a server: whether it listens, and how it responds."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any

import anyio
from mcp.client.streamable_http import streamable_http_client

from .server_process import ServerProcess

_HTTPX: Any = import_module("httpx2")

_POLL_SECONDS = 0.02
_USUAL = (200, 202)
_TYPES = ("application/json", "text/event-stream")
_LOCAL = ("127.0.0.1", "localhost")
# Also loopback, on Linux: only a server that listens everywhere responds here.
_OTHER_LOCAL = "127.0.0.2"


def free_port(host: str) -> int:
    """A port that is not in use."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def address_of(host: str, port: int, path: str) -> str:
    """The address of the endpoint."""
    host = _reachable(host)
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}{path}"


def _reachable(host: str) -> str:
    """The address to connect to, if a server listens on all addresses."""
    # Nothing is bound.
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 # nosec B104
    return everywhere.get(host, host)


def avoid_proxies(host: str) -> None:
    """Bypass this machine's proxies for a local server."""
    for name in ("NO_PROXY", "no_proxy"):
        known = (os.environ.get(name, ""), _reachable(host))
        os.environ[name] = ",".join(filter(None, known))


@asynccontextmanager
async def endpoint(
    address: str, seconds: float, answers: list[dict[str, object]]
) -> AsyncGenerator[Any]:
    """The message streams over HTTP, as a transport of the SDK.

    Args:
        address: the address of the endpoint.
        seconds: the time limit of a part of a response.
        answers: receives the status, content type and location of each response to
            a message.
    """

    async def keep(response: Any) -> None:  # noqa: ANN401 - of the client's HTTP library
        if response.request.method != "POST":
            return
        kind = str(response.headers.get("content-type", ""))
        answers.append(
            {
                "status": int(response.status_code),
                "content_type": kind.partition(";")[0].strip().lower(),
                "location": str(response.headers.get("location", "")),
            }
        )

    hooks = {"response": [keep]}
    async with (
        _HTTPX.AsyncClient(timeout=seconds, event_hooks=hooks) as client,
        streamable_http_client(address, http_client=client) as streams,
    ):
        yield streams


def notable_answer(answers: list[dict[str, object]]) -> dict[str, object] | None:
    """The first unusual response, else the last one."""
    for answer in answers:
        body = answer["status"] == 200  # noqa: PLR2004 - a body has to follow
        if answer["status"] not in _USUAL or (
            body and answer["content_type"] not in _TYPES
        ):
            return answer
    return answers[-1] if answers else None


async def listens_everywhere(host: str, port: int) -> bool:
    """Whether a server for one local address listens on all addresses."""
    if host not in _LOCAL:
        return False
    try:
        with anyio.fail_after(1.0):
            stream = await anyio.connect_tcp(_OTHER_LOCAL, port)
            await stream.aclose()
    except (OSError, TimeoutError):
        return False
    return True


async def wait_until_it_listens(
    server: ServerProcess, host: str, port: int, seconds: float
) -> str:
    """Wait for a server; return the problem, empty once it listens."""
    end = time.monotonic() + seconds
    while True:
        if server.code is not None:
            return "ended"
        try:
            stream = await anyio.connect_tcp(_reachable(host), port)
            await stream.aclose()
        except OSError:
            if time.monotonic() > end:
                return "silent"
            await anyio.sleep(_POLL_SECONDS)
            continue
        server.answered = time.monotonic() - server.started
        server.exposed = await listens_everywhere(host, port)
        return ""
