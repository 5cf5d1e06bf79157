"""Where a server listens, and whether it does."""

from __future__ import annotations

import os
import socket
import time

import anyio

from .server_process import ServerProcess

_POLL_SECONDS = 0.02


def free_port(host: str) -> int:
    """A port that nothing uses."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def address_of(host: str, port: int, path: str) -> str:
    """The address of the endpoint."""
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}{path}"


def avoid_proxies(host: str) -> None:
    """No proxy of this machine is asked for what listens on it."""
    for name in ("NO_PROXY", "no_proxy"):
        os.environ[name] = ",".join(filter(None, (os.environ.get(name, ""), host)))


async def wait_until_it_listens(
    server: ServerProcess, host: str, port: int, seconds: float
) -> str:
    """Wait for a server; say what is wrong, nothing once it listens."""
    end = time.monotonic() + seconds
    while True:
        if server.code is not None:
            return "ended"
        try:
            stream = await anyio.connect_tcp(host, port)
            await stream.aclose()
        except OSError:
            if time.monotonic() > end:
                return "silent"
            await anyio.sleep(_POLL_SECONDS)
            continue
        server.answered = time.monotonic() - server.started
        return ""
