"""The verdict on how a server starts, what it writes, and how it ends."""

from __future__ import annotations

import msgspec
import pytest

from ci_engine.findings.results import Status
from ci_engine.mcp.observations import Failure, Session
from ci_engine.mcp.starting import judge_end, judge_output, judge_start
from tests.support.mcp_observations import (
    SETTINGS,
    messages_of,
    observed,
    older,
    over_http,
    process,
    session,
    settings,
    silent,
)

NO_ANSWER = "the server did not respond over http at /mcp: "
SILENT: list[tuple[Session, str, str]] = [
    (
        silent(process=process(flooded="stdout", ending="killed")),
        "the server was stopped (over stdio): it wrote more to stdout than any",
        "write less; use print(…, file=sys.stderr) or a logger",
    ),
    (
        silent(process=process(ending="early", code=1, stderr="no\n\nfile")),
        "the server ended before it answered over stdio: exit code 1: file\n  no",
        "run the command of tool.ci-framework.mcp.command by hand",
    ),
    (
        over_http(
            process=process(ending="early", code=1, stderr="Address already in use")
        ),
        "the server ended before it answered over http: exit code 1",
        "pass {port} to the server in tool.ci-framework.mcp.http-command",
    ),
    (
        silent("timeout", "", process=None),
        "the server did not respond within 60 s over stdio",
        "check whether it waits for something or serves another transport",
    ),
    (
        # A byte order mark, or a text without the end of its line.
        silent("timeout", "", process=process(stray=["\ufeff{}"], stray_lines=1)),
        "the server did not respond within 60 s over stdio, but wrote '\\ufeff{}'",
        "each message of the protocol is one line of UTF-8",
    ),
    (
        over_http((200, "text/event-stream", ""), failure=Failure("timeout", "")),
        "did not respond within 60 s over http: it opened a stream of events and sent",
        "by hand",
    ),
    (
        over_http(failure=Failure("silent", "")),
        "nothing listened on the host and the port that the check chose, within 60 s",
        "pass {host} and {port} to the server in tool.ci-framework.mcp.http-command",
    ),
    (
        silent("invalid", "serverInfo: Field required"),
        "not valid in the protocol over stdio: 2026-07-28: serverInfo",
        "check the command of tool.ci-framework.mcp.command",
    ),
    (
        over_http((302, "text/html", "/login")),
        f"{NO_ANSWER}it redirects to /login (HTTP 302)",
        "set tool.ci-framework.mcp.http-path",
    ),
    (
        over_http((401, "", "")),
        f"{NO_ANSWER}it refuses the client (HTTP 401)",
        "start it without authorization",
    ),
    (
        over_http((404, "text/html", "")),
        f"{NO_ANSWER}it has no endpoint there (HTTP 404)",
        "set tool.ci-framework.mcp.http-path to the path of the endpoint",
    ),
    (
        over_http((500, "text/html", "")),
        f"{NO_ANSWER}it failed with HTTP 500",
        "look for the error in what the server wrote to stderr",
    ),
    (
        over_http((400, "application/json", "")),
        f"{NO_ANSWER}it responded with HTTP 400",
        "compare it with the protocol",
    ),
    (
        over_http((200, "text/html", "")),
        f"{NO_ANSWER}it responded with text/html instead of application/json or text/",
        "set tool.ci-framework.mcp.http-path",
    ),
    (
        over_http((200, "", "")),
        "it responded with no content type instead of",
        "set tool.ci-framework.mcp.http-path",
    ),
]


@pytest.mark.parametrize(("conversation", "message", "hint"), SILENT)
def test_a_server_that_does_not_answer_is_red_with_the_cause(
    conversation: Session, message: str, hint: str
) -> None:
    check = judge_start(observed(conversation), SETTINGS)
    text, _, next_step = messages_of(check).partition("\nhint: ")
    assert message in text
    assert hint in next_step
    late = conversation.failure and conversation.failure.kind in ("timeout", "silent")
    assert check.status is (Status.TIMED_OUT if late else Status.FAILED)


def test_a_command_that_cannot_be_executed_is_named() -> None:
    nothing = msgspec.structs.replace(observed(), not_started="No such file")
    check = judge_start(nothing, SETTINGS)
    assert check.status is Status.FAILED
    assert "could not be started: No such file\nhint: check" in messages_of(check)


def test_the_time_to_the_first_answer_is_limited() -> None:
    late = session(process=process(answered=2.0))
    check = judge_start(observed(older(), late), settings(start_seconds=1.0))
    assert check.notes == [
        "stdio, 2025-11-25: first response after 0.1 s",
        "stdio, 2026-07-28: first response after 2.0 s",
    ]
    assert messages_of(check).startswith(
        "error: the server took 2.0 s to respond (stdio, 2026-07-28); 1 s"
    )
    assert judge_start(observed(late), SETTINGS).status is Status.PASSED
    silent_one = session(process=process(answered=0.0))
    assert judge_start(observed(silent_one), SETTINGS).notes == []


def test_a_server_on_all_addresses_is_reported_once() -> None:
    open_one = process(exposed=True)
    both = [each(transport="http", process=open_one) for each in (older, session)]
    check = judge_start(observed(*both), SETTINGS)
    assert check.status is Status.FAILED
    assert messages_of(check).count("listens on all addresses of the machine, not") == 1
    assert 'set tool.ci-framework.mcp.host = "0.0.0.0"' in messages_of(check)


def test_stdout_belongs_to_the_protocol() -> None:
    assert judge_output(observed(over_http())).status is Status.SKIPPED
    assert judge_output(observed(session())).status is Status.PASSED
    one = process(stray=["hello"], stray_lines=1)
    check = judge_output(observed(session(process=one)))
    assert "wrote a line to stdout that is not a protocol message: 'hello'" in (
        messages_of(check)
    )
    many = process(stray=["a", "b"], stray_lines=9, flooded="stdout")
    text = messages_of(judge_output(observed(session(), session(process=many))))
    assert "wrote 9 lines to stdout that are not protocol messages" in text
    assert "the server was stopped: it wrote more to stdout than a" in text
    # The one line is a message that was cut off.
    huge = process(stray=['{"jsonrpc"'], stray_lines=1, flooded="stdout")
    found = judge_output(observed(session(process=huge))).findings
    assert [each.rule for each in found] == ["flood"]


ENDS: list[tuple[Session, str]] = [
    (
        session(process=process(ending="killed")),
        "did not end within 10 s after its stdin was closed (stdio, 2026-07-28), and",
    ),
    (
        session(process=process(ending="early", code=3, stderr="why")),
        "exited while a client was connected (stdio, 2026-07-28): exit code 3: why",
    ),
    (
        session(process=process(code=7)),
        "ended with exit code 7 after its stdin was closed",
    ),
    (
        session(transport="http", process=process(ending="terminated", code=7)),
        "ended with exit code 7 after it was terminated",
    ),
    (
        session(process=process(left_behind=True)),
        "ended and left a process behind (stdio, 2026-07-28)",
    ),
]


@pytest.mark.parametrize(("conversation", "message"), ENDS)
def test_a_server_that_does_not_end_well_is_red(
    conversation: Session, message: str
) -> None:
    check = judge_end(observed(conversation, conversation), SETTINGS)
    assert check.status is Status.FAILED
    assert len(check.findings) == 1
    assert message in messages_of(check)
    assert "\nhint: " in messages_of(check)


def test_the_end_of_a_server_that_did_not_start_is_not_known() -> None:
    assert judge_end(observed(silent()), SETTINGS).status is Status.NOT_RUN
    ended = session(transport="http", process=process(ending="terminated", code=-15))
    check = judge_end(observed(ended, session(process=None)), SETTINGS)
    assert check.status is Status.PASSED
    assert check.notes == ["http, 2026-07-28: ended after 0.1 s"]
