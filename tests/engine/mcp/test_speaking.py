"""The verdict on versions, answers, schemas and calls."""

from __future__ import annotations

import pytest

from ci_engine.configuration.mcp_settings import McpCall
from ci_engine.findings.results import Status
from ci_engine.mcp.observations import (
    HANDSHAKE,
    Failure,
    HttpAnswer,
    Item,
    Listing,
    Session,
    UnknownTool,
)
from ci_engine.mcp.speaking import judge_calls, judge_protocol, judge_schemas
from tests.support.mcp_observations import (
    SETTINGS,
    TOOL,
    call,
    lists,
    messages_of,
    observed,
    older,
    over_http,
    process,
    session,
    settings,
    silent,
)

SPOKEN = session(transport="http")
PARTLY: list[tuple[Session, Session, str]] = [
    (
        older(),
        silent("refused", "unknown method"),
        "warning: the server does not speak 2026-07-28, without one (stdio): unknown",
    ),
    (
        session(),
        silent("timeout", era=HANDSHAKE),
        "warning: the server does not speak 2025-11-25, with a handshake (stdio): no "
        "response within 30 s",
    ),
    (
        older(),
        silent("invalid", "tools: required"),
        "error: the server does not speak 2026-07-28, without one (stdio): tools: req",
    ),
    (
        older(),
        silent("closed", process=process(ending="early", code=1)),
        "error: the server exited when a client requested 2026-07-28, without one",
    ),
    (
        older(transport="http"),
        over_http((500, "", "")),
        "(http): it failed with HTTP 500\nhint: newer SDKs",
    ),
    (
        older(),
        silent(failure=None),
        "error: the server does not speak 2026-07-28, without one (stdio)\nhint",
    ),
]


@pytest.mark.parametrize(("spoken", "other", "message"), PARTLY)
def test_an_era_that_is_not_spoken_is_named(
    spoken: Session, other: Session, message: str
) -> None:
    check = judge_protocol(observed(spoken, other), SETTINGS)
    assert message in messages_of(check)
    assert check.notes == [f"speaks {spoken.protocol}", "server: raw 1"]


def test_a_process_that_an_earlier_conversation_ended_is_not_reported_twice() -> None:
    ended = process(ending="early", code=3)
    first = older(transport="http", process=ended)
    second = over_http(process=ended)
    assert not judge_protocol(observed(first, second), SETTINGS).findings


def test_versions_that_are_required_are_red_without_them() -> None:
    check = judge_protocol(observed(session()), settings(protocols=["2025-11-25"]))
    assert "protocols requires 2025-11-25; the server speaks 2026-07-28" in (
        messages_of(check)
    )
    nothing = judge_protocol(observed(silent()), SETTINGS)
    assert nothing.status is Status.NOT_RUN


MOVED = HttpAnswer(307, "", "/mcp/")
GONE = HttpAnswer(404, "", "")
NO_LIST = lists(prompts=Listing([], Failure("refused", "Session terminated")))
WRONG: list[tuple[Session, str]] = [
    (session(http=MOVED), "warning: the endpoint redirects to /mcp/ (HTTP 307)"),
    (session(lists=NO_LIST), "the list of prompts could not be read (stdio, 2026"),
    (
        session(lists=NO_LIST, transport="http", http=GONE),
        "(http, 2026-07-28): the server does not know the session that it opened "
        "(HTTP 404)\nhint: keep a session until its client ends it, or serve",
    ),
    (
        session(unknown=UnknownTool(refused=False, failure=None)),
        "warning: the server answers the call of an unknown tool as if it",
    ),
    (
        session(unknown=UnknownTool(refused=False, failure=Failure("timeout", "x"))),
        "error: the server sent no usable response to the call of an unknown tool",
    ),
]


@pytest.mark.parametrize(("conversation", "message"), WRONG)
def test_answers_that_are_not_as_the_protocol_requires_are_named(
    conversation: Session, message: str
) -> None:
    assert message in messages_of(judge_protocol(observed(conversation), SETTINGS))


def test_a_message_holds_no_more_of_a_name_than_people_read() -> None:
    seen = observed(session(lists=lists({**TOOL, "name": "q" * 5000})))
    (named,) = judge_schemas(seen).findings
    assert len(named.message) < 700


def test_a_list_that_cannot_be_read_is_one_finding() -> None:
    wrong = Failure("invalid", "tools.0.inputSchema: Field required")
    unknown = UnknownTool(refused=False, failure=wrong)
    unread = {**lists(), "tools": Listing([], wrong)}
    seen = observed(session(lists=unread, unknown=unknown))
    protocol = judge_protocol(seen, SETTINGS)
    assert [each.rule for each in protocol.findings] == ["wrong-answer"]
    # The server's capabilities are not known.
    calls = judge_calls(seen, SETTINGS)
    assert (calls.status, calls.reason) == (
        Status.NOT_RUN,
        "the lists of the server could not be read (stdio, 2026-07-28)",
    )


TOOLS: list[tuple[list[Item], str]] = [
    ([TOOL, TOOL], "error: tools lists 'double' more than once"),
    ([{**TOOL, "name": "a b"}], "warning: tool 'a b': expected a name of at most 128"),
    (
        [{"name": "x"}],
        "error: tool 'x': the input schema does not have the type object",
    ),
    (
        [{**TOOL, "problems": {"outputSchema": ["at type: 'int' is not valid"]}}],
        "error: tool 'double': the output schema is not valid: at type: 'int'",
    ),
]


@pytest.mark.parametrize(("tools", "message"), TOOLS)
def test_a_tool_that_clients_cannot_use_is_named(
    tools: list[Item], message: str
) -> None:
    check = judge_schemas(observed(session(lists=lists(*tools))))
    assert message in messages_of(check)


def test_lists_that_depend_on_the_version_are_a_warning() -> None:
    fewer = older(lists=lists())
    check = judge_schemas(observed(fewer, session(), older(lists=None)))
    assert messages_of(check).startswith(
        "warning: tools differ between stdio, 2026-07-28 and stdio, 2025-11-25: double"
    )
    assert check.notes == ["1 tools, 0 resources, 0 resource-templates, 0 prompts"]
    assert judge_schemas(observed(silent())).status is Status.NOT_RUN


FAILED = [
    (
        call(failure=Failure("timeout", "")),
        "failed (stdio, 2026-07-28): no response in",
    ),
    (call(failure=Failure("closed", "")), "the connection ended"),
    (call(failure=Failure("refused", "wrong (code -1)")), "wrong (code -1)"),
    (call(result='{"isError": true}'), "it answered with an error"),
    (
        call(result='{"isError": true, "content": [{"text": "no"}, {"text": "db"}]}'),
        "tool 'double' failed (stdio, 2026-07-28): no db",
    ),
]


@pytest.mark.parametrize(("made", "message"), FAILED)
def test_a_call_that_fails_is_red_once(made: object, message: str) -> None:
    conversation = session(calls=[call(kind="list"), made, made])
    check = judge_calls(observed(conversation), SETTINGS)
    assert check.status is Status.FAILED
    assert check.notes == ["called 1"]
    assert messages_of(check).count(message) == 1


def test_calls_are_skipped_if_none_is_safe_and_red_if_there_is_no_such_tool() -> None:
    unsafe = judge_calls(observed(session(left_out=["read"])), SETTINGS)
    assert unsafe.status is Status.SKIPPED
    assert "declare calls for them: read" in unsafe.notes[0]
    assert judge_calls(observed(silent()), SETTINGS).status is Status.NOT_RUN
    declared = settings(calls=[McpCall(tool="gone"), McpCall(tool="double")])
    check = judge_calls(observed(session(calls=[call()])), declared)
    assert "mcp.calls: the server has no tool 'gone'\nhint: it has: double" in (
        messages_of(check)
    )
    unknown = observed(session(lists=None, calls=[call()]))
    assert judge_calls(unknown, declared).status is Status.PASSED
