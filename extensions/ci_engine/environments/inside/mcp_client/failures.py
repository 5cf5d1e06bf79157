"""Classify the failures of a conversation."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import anyio
from mcp import MCPError
from mcp_types import CONNECTION_CLOSED, PARSE_ERROR, REQUEST_TIMEOUT
from pydantic import ValidationError

from .json_messages import OURS

_MOST_ERRORS = 3
_HTTPX: Any = import_module("httpx2")
_NO_CONNECTION: type[Exception] = _HTTPX.TransportError


def explain(error: BaseException) -> dict[str, str]:
    """The kind and the message of a failure.

    The kinds: ``timeout`` (no response), ``closed`` (the connection ended),
    ``invalid`` (the protocol forbids the response), ``refused`` (an error response).
    """
    error = _innermost(error)
    if isinstance(error, MCPError) and error.code == PARSE_ERROR:
        if error.error.data == OURS:
            return {"kind": "invalid", "text": error.error.message}
        # The client's own message is several lines of its validator.
        return {
            "kind": "invalid",
            "text": "a response is not a message of the protocol",
        }
    if isinstance(error, MCPError):
        kinds = {REQUEST_TIMEOUT: "timeout", CONNECTION_CLOSED: "closed"}
        kind = kinds.get(error.code, "refused")
        return {"kind": kind, "text": f"{error.error.message} (code {error.code})"}
    if isinstance(error, ValidationError):
        return {"kind": "invalid", "text": _describe(error)}
    if isinstance(error, (TimeoutError, anyio.WouldBlock)):
        return {"kind": "timeout", "text": str(error)}
    if isinstance(error, (anyio.ClosedResourceError, anyio.BrokenResourceError)):
        return {"kind": "closed", "text": "the connection was closed"}
    if isinstance(error, (ConnectionError, _NO_CONNECTION)):
        return {"kind": "closed", "text": str(error)}
    return {"kind": "invalid", "text": str(error) or type(error).__name__}


def _innermost(error: BaseException) -> BaseException:
    while True:
        inner = getattr(error, "exceptions", ())
        if not inner:
            return error
        error = inner[0]


def _describe(error: ValidationError) -> str:
    mistakes = error.errors(include_url=False, include_input=False)
    parts = [
        f"{'.'.join(map(str, mistake['loc'])) or 'the answer'}: {mistake['msg']}"
        for mistake in mistakes[:_MOST_ERRORS]
    ]
    more = len(mistakes) - _MOST_ERRORS
    return "; ".join(parts) + (f" and {more} more" if more > 0 else "")
