"""Distinguish network failures from mistakes of the project."""

from __future__ import annotations

import re

from ci_engine.processes.programs import Outcome

# Error messages of uv, pip, poetry, pixi and the libraries they use.
_SIGNS = re.compile(
    r"failed to fetch|error sending request|client error \(connect\)|dns error"
    r"|name resolution|name or service not known|nodename nor servname"
    r"|connection (?:refused|reset|aborted|timed out|error)|network is unreachable"
    r"|newconnectionerror|connecttimeout|readtimeout|max retries exceeded"
    r"|retrying \(retry|proxyerror|tunnel error|cannot connect to proxy"
    r"|operation timed out|http status (?:server error|5\d\d)|\b50[234] \w+"
    r"|all attempts to connect|network connectivity is disabled|tls handshake",
    re.IGNORECASE,
)


def network_failure(outcome: Outcome) -> str:
    """The network failure in an output, empty if there is none."""
    # Programs wrap their messages and prefix each line, which is undone first.
    text = re.sub(r"\s*\n[\s<>|]*", " ", f"{outcome.stderr}\n{outcome.stdout}")
    found = _SIGNS.search(text)
    return found.group(0).lower() if found else ""
