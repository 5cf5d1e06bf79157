"""Read messages as strict JSON: the SDK also accepts numbers that JSON lacks."""

from __future__ import annotations

import json
from typing import NoReturn

from mcp.client import streamable_http
from mcp_types import (
    PARSE_ERROR,
    ErrorData,
    JSONRPCError,
    JSONRPCMessage,
    JSONRPCResponse,
    jsonrpc_message_adapter,
)

OURS = "ci-framework"
"""The data of an error that the client made of an answer."""


class _NotJsonError(ValueError):
    """A text with a number that JSON lacks."""


def read_message(text: str) -> JSONRPCMessage:
    """Read a message; an answer that is not JSON becomes an error answer.

    Raises:
        ValueError: if it is not a message.
    """
    message = jsonrpc_message_adapter.validate_json(text, by_name=False)
    # Few texts have these words, and large ones take long to read twice.
    if "NaN" not in text and "Infinity" not in text:
        return message
    try:
        json.loads(text, parse_constant=_refuse)
    except _NotJsonError as error:
        if not isinstance(message, (JSONRPCResponse, JSONRPCError)):
            raise
        data = ErrorData(code=PARSE_ERROR, message=str(error), data=OURS)
        return JSONRPCError(jsonrpc="2.0", id=message.id, error=data)
    return message


def _refuse(constant: str) -> NoReturn:
    raise _NotJsonError(f"the answer contains {constant}, which is not JSON")


class _StrictReader:
    """Takes the place of the SDK's reader of messages over HTTP."""

    def validate_json(self, data: str | bytes, **_options: object) -> JSONRPCMessage:
        text = data if isinstance(data, str) else data.decode("utf-8", "replace")
        return read_message(text)


def read_strictly() -> None:
    """Read strict JSON over HTTP too, where the SDK itself reads the messages."""
    streamable_http.__dict__["jsonrpc_message_adapter"] = _StrictReader()
