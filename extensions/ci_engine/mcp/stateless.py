"""Check whether several processes of the server can serve one client."""

from __future__ import annotations

from collections.abc import Sequence

from ci_engine.configuration.mcp_settings import Mcp
from ci_engine.findings.results import CheckResult, Finding, Status, name_some
from ci_engine.mcp.observations import MODERN, Call, Observations
from ci_engine.mcp.verdicts import NEVER_STARTED, clip, finding, result, without

_NAME = "mcp-stateless"


def judge_stateless(observations: Observations, settings: Mcp) -> CheckResult:
    """Check whether two alternating processes respond like one process."""
    if not settings.stateless:
        return without(_NAME, "tool.ci-framework.mcp.stateless is false")
    spoken = [each for each in observations.sessions if each.connected]
    if not spoken:
        return without(_NAME, NEVER_STARTED, Status.NOT_RUN)
    if not any(each.era == MODERN for each in spoken):
        reason = f"the server does not speak {MODERN}: a handshake creates state"
        return without(_NAME, reason)
    rounds = observations.rounds
    one, two, again = rounds.one, rounds.two, rounds.again
    silent = next((each for each in two if _is_silent(each)), None)
    if silent is not None:
        reason = f"two processes did not respond in time: {silent.label}"
        return without(_NAME, reason, Status.NOT_RUN)
    stable = [not again or _same(_at(one, i), _at(again, i)) for i in range(len(one))]
    found: dict[str, Finding] = {}
    for position, call in enumerate(one):
        other = _at(two, position)
        if stable[position] and not _same(call, other):
            found.setdefault(call.label, _different(call, other))
        if other is None:
            break
    unstable = dict.fromkeys(
        call.label for call, same in zip(one, stable, strict=True) if not same
    )
    notes = [f"compared {len(one)} answers of one process with those of two"]
    if unstable:
        names = name_some(list(unstable), 5)
        notes.append(f"not compared, as they differ from run to run: {names}")
    return result(_NAME, found.values(), notes)


def _is_silent(call: Call) -> bool:
    return call.failure is not None and call.failure.kind == "timeout"


def _at(calls: Sequence[Call], position: int) -> Call | None:
    return calls[position] if position < len(calls) else None


def _same(call: Call | None, other: Call | None) -> bool:
    if call is None or other is None:
        return call is other
    return call.result == other.result and bool(call.failure) == bool(other.failure)


def _different(call: Call, other: Call | None) -> Finding:
    failure = other.failure if other else None
    if call.kind == "list":
        change = "the lists of the server depend on the process that answers"
    elif other is None or failure:
        reason = f": {clip(failure.text)}" if failure else ""
        change = f"{call.label} fails when two processes answer in turn{reason}"
    else:
        change = (
            f"{call.label} has another result when two processes answer in turn: "
            f"{clip(other.result or '')} instead of {clip(call.result or '')}"
        )
    return finding(
        "state",
        change,
        "keep state that a client needs outside of the process, or pass it to the "
        "client and receive it back as an argument; if a single process handles every "
        "request, set tool.ci-framework.mcp.stateless = false",
    )
