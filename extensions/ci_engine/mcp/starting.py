"""Check whether the server starts in time, and exits when requested."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ci_engine.configuration.mcp_settings import Mcp
from ci_engine.findings.results import CheckResult, Finding, Status
from ci_engine.mcp.http_answers import describe_answer, is_stream
from ci_engine.mcp.observations import Observations, Process, Session
from ci_engine.mcp.verdicts import NEVER_STARTED, finding, last_words, result, without
from ci_engine.processes.programs import describe_exit

# Exit codes of terminated servers, with and without a signal handler.
_TERMINATED = (0, -15, 143, -2, 130)
_COMMANDS = {"stdio": "command", "http": "http-command"}
_TAKEN = re.compile(r"address already in use|EADDRINUSE|Errno (48|98)|10048", re.I)
_LATE = "if it only starts slowly, set tool.ci-framework.mcp.start-seconds"
_OUTPUT = "print(…, file=sys.stderr) or a logger: stdout belongs to the protocol"


def failing_transports(observations: Observations) -> dict[str, list[Session]]:
    """The transports over which no version of the protocol worked."""
    names = dict.fromkeys(each.transport for each in observations.sessions)
    grouped = {name: observations.of_transport(name) for name in names}
    return {
        name: sessions
        for name, sessions in grouped.items()
        if not any(each.connected for each in sessions)
    }


def judge_start(observations: Observations, settings: Mcp) -> CheckResult:
    """Check whether it starts and responds, and how long that takes."""
    if observations.not_started:
        message = f"the server could not be started: {observations.not_started}"
        hint = "check tool.ci-framework.mcp.command; no shell runs it"
        return result("mcp-start", [finding("not-started", message, hint)])
    failing = failing_transports(observations)
    found = [_no_answer(sessions, settings) for sessions in failing.values()]
    times: list[str] = []
    for session in observations.sessions:
        process = session.process
        if session.transport in failing or process is None or not process.answered:
            continue
        if process.exposed and not any(each.rule == "exposed" for each in found):
            found.append(_exposed(settings))
        times.append(f"{session.label}: first response after {process.answered:.1f} s")
        if process.answered > settings.start_seconds:
            found.append(_slow(session, process, settings))
    check = result("mcp-start", found, times)
    silent = {"timeout", "silent"}
    if found and all(each.rule == "no-answer" for each in found):
        kinds = {s.failure.kind for ss in failing.values() for s in ss if s.failure}
        if kinds <= silent and len(failing) == len(found):
            check.status = Status.TIMED_OUT
            check.reason = "the server did not answer"
    return check


def _slow(session: Session, process: Process, settings: Mcp) -> Finding:
    return finding(
        "slow-start",
        f"the server took {process.answered:.1f} s to respond "
        f"({session.label}); {settings.start_seconds:g} s are allowed",
        "import large packages in the tools that need them, or set "
        "tool.ci-framework.mcp.start-seconds",
    )


def _exposed(settings: Mcp) -> Finding:
    return finding(
        "exposed",
        f"the server listens on all addresses of the machine, not on {settings.host}: "
        "everybody on the same network can call its tools",
        "pass {host} to the server in http-command; if that is intended, set "
        'tool.ci-framework.mcp.host = "0.0.0.0"',
    )


def _no_answer(sessions: list[Session], settings: Mcp) -> Finding:
    # The result of the first conversation, which any client can start with.
    session = sessions[0]
    process, failure = session.process, session.failure
    key = f"tool.ci-framework.mcp.{_COMMANDS[session.transport]}"
    words = last_words(process.stderr) if process else ""
    where = f"over {session.transport}"
    if process and process.flooded:
        message = (
            f"the server was stopped ({where}): it wrote more to {process.flooded} "
            "than any response needs"
        )
        return finding("flood", message + words, f"write less; use {_OUTPUT}")
    if process and process.ending == "early":
        how = describe_exit(process.code)
        message = f"the server ended before it answered {where}: {how}"
        hint = f"run the command of {key} by hand"
        if session.transport == "http" and _TAKEN.search(process.stderr):
            hint = f"pass {{port}} to the server in {key}: that port was free"
        return finding("crash", message + words, hint)
    http = session.http
    wrong = describe_answer(http) if http else None
    if wrong is not None:
        message = f"the server did not respond {where} at {settings.http_path}: "
        return finding("http-answer", message + wrong[0] + words, wrong[1])
    if failure and failure.kind == "silent":
        message = (
            "nothing listened on the host and the port that the check chose, within "
            f"{settings.start_seconds + settings.answer_seconds:g} s"
        )
        hint = (
            f"pass {{host}} and {{port}} to the server in {key}, or let it read the "
            f"variables HOST and PORT; {_LATE}"
        )
        return finding("no-answer", message + words, hint)
    if failure and failure.kind in ("timeout", "silent"):
        limit = settings.start_seconds + settings.answer_seconds
        message = f"the server did not respond within {limit:g} s {where}"
        if http and is_stream(http):
            message += ": it opened a stream of events and sent none"
        if process and process.stray_lines:
            message += f", but wrote {process.stray[0]!r}"
            hint = f"use {_OUTPUT}; each message of the protocol is one line of UTF-8"
            return finding("no-answer", message + words, hint)
        return finding(
            "no-answer",
            f"{message}; it was still running{words}",
            f"run the command of {key} by hand, and check whether it waits for "
            f"something or serves another transport; {_LATE}",
        )
    text = "; ".join(
        f"{each.era}: {each.failure.text}" for each in sessions if each.failure
    )
    message = f"the response of the server is not valid in the protocol {where}: {text}"
    return finding("no-protocol", message + words, f"check the command of {key}")


def judge_output(observations: Observations) -> CheckResult:
    """Check whether its stdout contains only protocol messages."""
    over_stdio = observations.of_transport("stdio")
    if not over_stdio:
        return without("mcp-stdout", "the server has no stdio")
    return result("mcp-stdout", _output_findings(over_stdio))


def _output_findings(sessions: list[Session]) -> Iterator[Finding]:
    processes = [each.process for each in sessions if each.process]
    # The line at which a server was stopped is cut off: the flood is reported.
    whole = [p for p in processes if p.flooded != "stdout" or p.stray_lines > 1]
    worst = max(whole, key=lambda each: each.stray_lines, default=None)
    if worst and worst.stray_lines:
        number = worst.stray_lines
        shown = ", ".join(map(repr, worst.stray))
        what = f"{number} lines to stdout that are not protocol messages"
        if number == 1:
            what = "a line to stdout that is not a protocol message"
        yield finding(
            "stray-output",
            f"the server wrote {what}: {shown}",
            f"use {_OUTPUT}",
        )
    for stream in dict.fromkeys(each.flooded for each in processes if each.flooded):
        yield finding(
            "flood",
            f"the server was stopped: it wrote more to {stream} than a response needs",
            f"write less; use {_OUTPUT}",
        )


def judge_end(observations: Observations, settings: Mcp) -> CheckResult:
    """Check whether it exits when its client disconnects."""
    failing = failing_transports(observations)
    sessions = [s for s in observations.sessions if s.transport not in failing]
    if not sessions:
        return without("mcp-shutdown", NEVER_STARTED, Status.NOT_RUN)
    found: dict[str, Finding] = {}
    notes: list[str] = []
    for session in sessions:
        if session.process is None or session.process.flooded:
            continue
        for each in _endings(session, session.process, settings):
            found.setdefault(each.rule, each)
        took = session.process.stop_took
        notes.append(f"{session.label}: ended after {took:.1f} s")
    return result("mcp-shutdown", found.values(), notes)


def _endings(session: Session, process: Process, settings: Mcp) -> Iterator[Finding]:
    over = session.transport
    asked = "its stdin was closed" if over == "stdio" else "it was terminated"
    words = last_words(process.stderr)
    if process.ending == "killed":
        yield finding(
            "no-end",
            f"the server did not end within {settings.stop_seconds:g} s after {asked} "
            f"({session.label}), and was killed",
            "end threads and connections when the transport closes; daemon threads "
            "do not keep a process",
        )
    elif process.ending == "early":
        how = describe_exit(process.code)
        yield finding(
            "crash",
            f"the server exited while a client was connected ({session.label}): "
            f"{how}{words}",
            "catch what a request can raise, and answer with an error",
        )
    elif process.code not in (_TERMINATED if over == "http" else (0,)):
        yield finding(
            "exit-code",
            f"the server ended with {describe_exit(process.code)} after {asked} "
            f"({session.label}){words}",
            "end with exit code 0 when the client is gone",
        )
    if process.left_behind:
        yield finding(
            "left-behind",
            f"the server ended and left a process behind ({session.label})",
            "stop what the server starts before it ends",
        )
