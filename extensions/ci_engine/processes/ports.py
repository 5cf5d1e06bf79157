"""Ports of this machine: find free ones, and check who listens."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence

_SECONDS = 1.0


def free_port(host: str) -> int:
    """A port that is not in use."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def accepts_connections(host: str, port: int) -> bool:
    """Whether something listens on a port."""
    try:
        with socket.create_connection((host, port), timeout=_SECONDS):
            return True
    except OSError:
        return False


def netloc(host: str, port: int) -> str:
    """The host and the port as in an address."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def listening(
    argv: Sequence[str], variables: Mapping[str, str], host: str, port: int
) -> tuple[list[str], dict[str, str]]:
    """A command of the settings and its variables, with the address to listen on.

    It has {host} and {port} in its arguments, or reads the variables HOST and PORT.
    """
    given = {"{host}": host, "{port}": str(port)}
    words = list(argv)
    for placeholder, value in given.items():
        words = [word.replace(placeholder, value) for word in words]
    return words, {**variables, "HOST": host, "PORT": str(port)}
