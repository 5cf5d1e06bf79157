"""Ports of this machine: which are free, and what listens on one."""

from __future__ import annotations

import socket

_SECONDS = 1.0


def free_port(host: str) -> int:
    """A port that nothing uses."""
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
