"""Interpret unusual HTTP responses of an endpoint."""

from __future__ import annotations

from http import HTTPStatus

from ci_engine.mcp.observations import HttpAnswer

_PATH = "set tool.ci-framework.mcp.http-path to the path of the endpoint"
_REFUSING = (
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.MISDIRECTED_REQUEST,
)
_ABSENT = (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED)
_TYPES = ("application/json", "text/event-stream")


def describe_answer(answer: HttpAnswer) -> tuple[str, str] | None:
    """The problem of a response, and the next step; None if there is none."""
    status, kind = answer.status, answer.content_type
    if is_redirect(answer):
        return f"it redirects to {answer.location} (HTTP {status})", _PATH
    if status in _REFUSING:
        return (
            f"it refuses the client (HTTP {status})",
            "start it without authorization in http-command, and let it accept the "
            "host and port that it is started with",
        )
    if status in _ABSENT:
        return f"it has no endpoint there (HTTP {status})", _PATH
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        hint = "look for the error in what the server wrote to stderr"
        return f"it failed with HTTP {status}", hint
    if status >= HTTPStatus.BAD_REQUEST:
        return f"it responded with HTTP {status}", "compare it with the protocol"
    if status == HTTPStatus.OK and kind not in _TYPES:
        named = kind or "no content type"
        return f"it responded with {named} instead of {' or '.join(_TYPES)}", _PATH
    return None


def is_redirect(answer: HttpAnswer) -> bool:
    """Whether the endpoint redirects."""
    return bool(answer.location) and (
        HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST
    )


def is_stream(answer: HttpAnswer) -> bool:
    """Whether the response is a stream of events, which may never arrive."""
    return (answer.status, answer.content_type) == (200, "text/event-stream")
