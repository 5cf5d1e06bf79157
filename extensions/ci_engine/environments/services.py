"""Check whether the project's services are ready, and how tests reach them.

Only the standard library is used, so that no service needs an installed client.
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable, Mapping

from ci_engine.configuration.service_settings import Readiness, Service

HOST = "127.0.0.1"
# Seconds that a started service may take to become ready.
START_SECONDS = 60.0
_STEP_SECONDS = 0.5
_ANSWER_SECONDS = 2.0
_PROTOCOL_3 = 196608
# The database is starting up, shutting down or recovering:
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_NOT_YET = b"57P03"


def service_variables(services: Mapping[str, Service]) -> dict[str, str]:
    """The variables with which tests find services, the same on every machine."""
    variables: dict[str, str] = {}
    for name, service in services.items():
        prefix = name.upper().replace("-", "_")
        address = f"{HOST}:{service.port}"
        variables[f"{prefix}_HOST"] = HOST
        variables[f"{prefix}_PORT"] = str(service.port)
        kind = _kind(name, service)
        if kind == "redis":
            variables[f"{prefix}_URL"] = f"redis://{address}/0"
        elif kind == "postgres":
            variables[f"{prefix}_URL"] = f"postgresql://postgres@{address}/postgres"
    return variables


def services_not_ready(
    services: Mapping[str, Service], seconds: float = 0.0
) -> dict[str, str]:
    """The services that are not ready after some seconds, each with the reason."""
    end = time.monotonic() + seconds
    missing = dict.fromkeys(services, "")
    while True:
        for name in list(missing):
            missing[name] = _problem(name, services[name])
        missing = {name: reason for name, reason in missing.items() if reason}
        if not missing or time.monotonic() >= end:
            return missing
        time.sleep(_STEP_SECONDS)


def _kind(name: str, service: Service) -> Readiness:
    if service.ready != "auto":
        return service.ready
    if name == "redis":
        return "redis"
    return "postgres" if name == "postgres" else "tcp"


def _problem(name: str, service: Service) -> str:
    """Why a service is not ready, empty if it is."""
    ask = _ASK[_kind(name, service)]
    try:
        with socket.create_connection((HOST, service.port), _ANSWER_SECONDS) as link:
            return ask(link)
    except OSError as error:
        return f"port {service.port}: {error.strerror or error}"


def _connected(_link: socket.socket) -> str:
    return ""


def _redis(link: socket.socket) -> str:
    link.sendall(b"PING\r\n")
    answer = link.recv(512)
    # It is ready if it asks for a password, and not while it loads its data.
    if answer.startswith((b"+PONG", b"-NOAUTH")):
        return ""
    return f"it does not respond to PING: {_shown(answer)}"


def _postgres(link: socket.socket) -> str:
    body = struct.pack("!i", _PROTOCOL_3) + b"user\0postgres\0\0"
    link.sendall(struct.pack("!i", len(body) + 4) + body)
    answer = link.recv(1024)
    # R requests authentication; all errors but one come from a server that is ready.
    if answer[:1] == b"R" or (answer[:1] == b"E" and _NOT_YET not in answer):
        return ""
    return f"it does not accept connections yet: {_shown(answer)}"


def _shown(answer: bytes) -> str:
    text = answer.decode("ascii", "replace").replace("\0", " ")
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    return printable.strip()[:80] or "no answer"


_ASK: Mapping[Readiness, Callable[[socket.socket], str]] = {
    "tcp": _connected,
    "redis": _redis,
    "postgres": _postgres,
}
