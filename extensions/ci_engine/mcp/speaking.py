"""Check the server's protocol versions and responses."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from http import HTTPStatus

from ci_engine.configuration.mcp_settings import Mcp
from ci_engine.configuration.tables import dig, items, text, texts
from ci_engine.findings.results import CheckResult, Finding, Status, name_some
from ci_engine.mcp.http_answers import describe_answer, is_redirect
from ci_engine.mcp.observations import (
    HANDSHAKE,
    Call,
    Item,
    Listing,
    Observations,
    Session,
)
from ci_engine.mcp.starting import failing_transports
from ci_engine.mcp.verdicts import clip, finding, result, warning, without

_NAME = re.compile(r"[A-Za-z0-9._-]{1,128}")
_IDENTITIES = {
    "tools": "name",
    "resources": "uri",
    "resource-templates": "uriTemplate",
    "prompts": "name",
}
_SCHEMAS = {"inputSchema": "input schema", "outputSchema": "output schema"}
_NOTHING = "the server responded to no client"


def judge_protocol(observations: Observations, settings: Mcp) -> CheckResult:
    """Check its protocol versions, and whether its responses conform to them."""
    failing = failing_transports(observations)
    sessions = [s for s in observations.sessions if s.transport not in failing]
    if not sessions:
        return without("mcp-protocol", _NOTHING, Status.NOT_RUN)
    found: list[Finding] = []
    for session in sessions:
        if session.connected:
            found += _answers(session)
        elif not _ended_before(session):
            found.append(_not_spoken(session, observations, settings))
    spoken = observations.protocols
    for version in settings.protocols:
        if version not in spoken:
            found.append(_required(version, spoken))
    server = next((each.server for each in sessions if each.server), "")
    notes = [f"speaks {', '.join(spoken)}", *([f"server: {server}"] if server else [])]
    return result("mcp-protocol", found, notes)


def _ended_before(session: Session) -> bool:
    """Whether it could not respond because an earlier conversation had ended it."""
    # Over HTTP, one process serves both conversations: its end is reported once.
    ended = session.process is not None and session.process.ending == "early"
    failure = session.failure
    return session.transport == "http" and ended and bool(failure)


def _required(version: str, spoken: Sequence[str]) -> Finding:
    return finding(
        "missing-version",
        f"tool.ci-framework.mcp.protocols requires {version}; the server speaks "
        f"{', '.join(spoken)}",
        "update the SDK that the server uses, or the setting",
    )


def _not_spoken(session: Session, observations: Observations, settings: Mcp) -> Finding:
    handshake = session.era == HANDSHAKE
    version = observations.newest if handshake else session.era
    named = f"{version}, with a handshake" if handshake else f"{version}, without one"
    failure = session.failure
    kind = failure.kind if failure else "invalid"
    process = session.process
    early = process is not None and process.ending == "early"
    if session.transport == "stdio" and early:
        return finding(
            "crash",
            f"the server exited when a client requested {named} ({session.transport})",
            "respond to an unknown request with an error (code -32601)",
        )
    reason = f": {clip(failure.text)}" if failure and failure.text else ""
    wrong = describe_answer(session.http) if session.http else None
    if wrong is not None and kind != "timeout":
        reason = f": {wrong[0]}"
    if kind in ("timeout", "silent"):
        reason = f": no response within {settings.answer_seconds:g} s"
    message = f"the server does not speak {named} ({session.transport}){reason}"
    if kind == "invalid":
        return finding(
            "wrong-answer", message, "compare the response with the protocol"
        )
    hint = "newer SDKs speak both; clients move to the version without a handshake"
    if handshake:
        hint = "today's clients start with the handshake: use an SDK that has it"
    return warning("not-spoken", message, hint)


def _answers(session: Session) -> Iterator[Finding]:
    http = session.http
    if http and is_redirect(http):
        yield warning(
            "redirect",
            f"the endpoint redirects to {http.location} (HTTP {http.status})",
            "set tool.ci-framework.mcp.http-path to its target; not every client "
            "follows redirects",
        )
    forgotten = bool(http and http.status == HTTPStatus.NOT_FOUND)
    for name, failure in session.failing_lists.items():
        reason = f"{failure.kind}: {clip(failure.text)}"
        hint = "compare the response with the protocol"
        if forgotten:
            reason = "the server does not know the session that it opened (HTTP 404)"
            hint = "keep a session until its client ends it, or serve without sessions"
        yield finding(
            "wrong-answer",
            f"the list of {name} could not be read ({session.label}): {reason}",
            hint,
        )
    unknown = session.unknown
    # The client reads the list of tools before it calls one.
    if unknown and unknown.failure and "tools" not in session.failing_lists:
        yield finding(
            "unknown-tool",
            "the server sent no usable response to the call of an unknown tool "
            f"({session.label}): {unknown.failure.kind}: {unknown.failure.text}",
            "answer with an error (code -32602)",
        )
    elif unknown and not unknown.failure and not unknown.refused:
        yield warning(
            "unknown-tool",
            "the server answers the call of an unknown tool as if it "
            f"existed ({session.label})",
            "answer with an error (code -32602)",
        )


def judge_schemas(observations: Observations) -> CheckResult:
    """Check whether names are unique and usable, and schemas valid."""
    reference = observations.reference
    if reference is None or reference.lists is None:
        reason = "the lists of the server could not be read"
        return without("mcp-schemas", reason, Status.NOT_RUN)
    found: dict[str, Finding] = {}
    for session in observations.sessions:
        for each in _schema_findings(session.lists or {}):
            found.setdefault(each.message, each)
    differing = _differences(reference, observations.sessions)
    counts = [f"{len(each.items)} {name}" for name, each in reference.lists.items()]
    return result("mcp-schemas", [*found.values(), *differing], [", ".join(counts)])


def _schema_findings(lists: dict[str, Listing]) -> Iterator[Finding]:
    for kind, listing in lists.items():
        names = [str(item.get(_IDENTITIES[kind], "")) for item in listing.items]
        for name in dict.fromkeys(n for n in names if names.count(n) > 1):
            yield finding(
                "duplicate-name",
                f"{kind} lists {name!r} more than once",
                "clients can reach only one of them",
            )
    for tool in lists["tools"].items if "tools" in lists else ():
        yield from _tool_findings(tool)


def _tool_findings(tool: Item) -> Iterator[Finding]:
    given = str(tool.get("name", ""))
    name = clip(given)
    if not _NAME.fullmatch(given):
        yield warning(
            "tool-name",
            f"tool {name!r}: expected a name of at most 128 letters, digits, "
            "underscores, hyphens and dots",
            "clients may reject it",
        )
    for key, what in _SCHEMAS.items():
        for problem in texts(tool, "problems", key):
            yield finding(
                "schema",
                f"tool {name!r}: the {what} is not valid: {clip(problem)}",
                "clients reject the tool, or all tools",
            )
    if dig(tool, "inputSchema", "type") != "object":
        yield finding(
            "schema",
            f"tool {name!r}: the input schema does not have the type object",
            'write "type": "object" at its top',
        )


def _differences(reference: Session, sessions: Sequence[Session]) -> Iterator[Finding]:
    for session in sessions:
        if session is reference or not session.complete:
            continue
        for kind, listing in (session.lists or {}).items():
            key = _IDENTITIES[kind]
            here = {str(item.get(key, "")) for item in listing.items}
            usual = (reference.lists or {})[kind].items
            there = {str(item.get(key, "")) for item in usual}
            apart = sorted(here ^ there)
            if apart:
                yield warning(
                    "different-lists",
                    f"{kind} differ between {reference.label} and {session.label}: "
                    f"{name_some(apart, 5)}",
                    "clients of both versions should find the same",
                )


def judge_calls(observations: Observations, settings: Mcp) -> CheckResult:
    """Check whether the calls that are declared safe succeed."""
    if not any(each.connected for each in observations.sessions):
        return without("mcp-calls", _NOTHING, Status.NOT_RUN)
    found: dict[str, Finding] = {}
    made: set[str] = set()
    for session in observations.sessions:
        for call in (each for each in session.calls if each.kind != "list"):
            made.add(call.label)
            problem = _problem(call)
            if problem:
                message = f"{call.label} failed ({session.label}): {problem}"
                hint = "call it by hand; tool.ci-framework.mcp.calls has the arguments"
                found.setdefault(call.label, finding("call", message, hint))
    left = sorted({name for each in observations.sessions for name in each.left_out})
    notes = [f"called {len(made)}"] if made else []
    if left:
        names = name_some(left, 5)
        notes.append(
            f"read-only tools that need arguments: declare calls for them: {names}"
        )
    unread = next((s for s in observations.sessions if s.failing_lists), None)
    if not made and unread is not None and observations.reference is None:
        reason = f"the lists of the server could not be read ({unread.label})"
        return without("mcp-calls", reason, Status.NOT_RUN)
    if not made:
        reason = "no call is declared safe in tool.ci-framework.mcp.calls"
        check = without("mcp-calls", reason)
        check.notes = notes
        return check
    unknown = list(_unknown_tools(observations, settings))
    return result("mcp-calls", [*found.values(), *unknown], notes)


def _unknown_tools(observations: Observations, settings: Mcp) -> Iterator[Finding]:
    reference = observations.reference
    if reference is None or reference.lists is None:
        return
    known = [str(item.get("name", "")) for item in reference.lists["tools"].items]
    for call in settings.calls:
        if call.tool not in known:
            yield finding(
                "call",
                f"tool.ci-framework.mcp.calls: the server has no tool {call.tool!r}",
                f"it has: {name_some(sorted(known), 5) or 'none'}",
            )


def _problem(call: Call) -> str:
    """Why a call counts as failed, empty if it does not."""
    if call.failure:
        words = {"timeout": "no response in time", "closed": "the connection ended"}
        return words.get(call.failure.kind, clip(call.failure.text))
    answer: object = json.loads(call.result or "{}")
    if dig(answer, "isError") is not True:
        return ""
    texts_of = [text(each, "text") for each in items(answer, "content")]
    return clip(" ".join(filter(None, texts_of))) or "it answered with an error"
