"""Each kind of server gets the verdict that it deserves."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_engine.findings.results import CheckResult, Status
from tests.support.mcp_checks import CheckedServers

Results = dict[str, CheckResult]


@pytest.fixture
def servers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CheckedServers:
    return CheckedServers(tmp_path, monkeypatch)


def messages(results: Results) -> str:
    found = [each for check in results.values() for each in check.findings]
    return "\n".join(f"{each.severity}: {each.message}" for each in found)


def states(results: Results, *but: str) -> dict[str, str]:
    return {name: c.status.value for name, c in results.items() if name not in but}


@pytest.mark.heavy
def test_a_good_server_is_green_once_its_snapshot_is_written(
    servers: CheckedServers,
) -> None:
    settings = servers.settings(protocols=["2025-11-25", "2026-07-28"])
    first = servers.check(settings)
    assert first["snapshot"].status is Status.FAILED
    assert "ci-framework/ci mcp check --update" in messages(first)
    assert messages(first).count("\nhint: ") == 1

    written = servers.check(settings, update=True)
    assert set(states(written).values()) == {"passed"}
    second = servers.check(settings)
    assert set(states(second).values()) == {"passed"}
    assert messages(second) == ""
    assert second["protocol"].notes[0] == "speaks 2025-11-25, 2026-07-28"
    assert second["calls"].notes == ["called 2"]
    assert second["stateless"].notes == [
        "compared 6 answers of one process with those of two"
    ]

    changed = servers.check(servers.settings("renamed", "new-argument"))
    assert changed["snapshot"].status is Status.FAILED
    texts = messages(changed)
    assert "tool 'state' was removed" in texts
    assert "tool 'status' was added" in texts
    added = "tool 'double' changed: inputSchema.properties.base was added"
    assert added in texts
    older = servers.check(servers.settings("handshake-only"))
    assert "the server no longer speaks 2026-07-28" in messages(older)


Expected = dict[str, list[str]]
# One server has several faults where they do not hide each other: each takes seconds.
FAULTY: dict[str, Expected] = {
    "crash": {"start": ["ended before it answered over stdio: exit code 1: no config"]},
    "flood": {
        "start": ["the server was stopped (over stdio): it wrote more to stdout"]
    },
    "chatty wrong-schema error-result exit-code": {
        "stdout": [
            "wrote a line to stdout that is not a protocol message: 'Starting the"
        ],
        "schemas": ["tool 'double': the input schema is not valid"],
        "calls": ["tool 'state' failed (stdio, 2025-11-25): no database"],
        "shutdown": ["ended with exit code 7 after its stdin was closed"],
    },
    "bad-reference twice wrong-result": {
        "schemas": [
            "$ref '#/$defs/none' points to nothing",
            "tools lists 'double' more than once",
        ],
        "calls": ["tool 'double' with {\"number\":4} failed"],
    },
    "crash-in-call": {
        "calls": ["tool 'double' with {\"number\":4} failed (stdio, 2025-11-25)"],
        "shutdown": ["exited while a client was connected"],
    },
    "not-a-number": {
        "calls": [
            "tool 'double' with {\"number\":4} failed (stdio, 2025-11-25): the answer "
            "contains NaN, which is not JSON"
        ]
    },
    "infinite-default": {
        "protocol": [
            "the list of tools could not be read (stdio, 2025-11-25): invalid: the "
            "answer contains -Infinity, which is not JSON"
        ]
    },
    "stateful": {"stateless": ["tool 'state' has another result when two processes"]},
}


@pytest.mark.heavy
@pytest.mark.parametrize(("faults", "expected"), FAULTY.items(), ids=FAULTY)
def test_a_problem_is_named_where_it_belongs(
    servers: CheckedServers, faults: str, expected: Expected
) -> None:
    results = servers.check(servers.settings(*faults.split()))
    for subject, texts in expected.items():
        assert results[subject].status is Status.FAILED
        found = "\n".join(each.message for each in results[subject].findings)
        assert all(text in found for text in texts), found
        assert "\nhint: " in found
    # Unknown results are not reported as passed.
    if faults in ("crash", "flood"):
        assert results["snapshot"].status is Status.NOT_RUN
        assert results["protocol"].status is Status.NOT_RUN


@pytest.mark.heavy
def test_a_server_that_hangs_or_is_late_is_not_waited_for(
    servers: CheckedServers,
) -> None:
    limits = {"start_seconds": 0.6, "answer_seconds": 1.0}
    hanging = servers.check(servers.settings("hang", **limits))
    assert hanging["start"].status is Status.TIMED_OUT
    said = messages(hanging)
    assert "did not respond within 1.6 s over stdio; it was still running" in said
    assert "if it only starts slowly, set tool.ci-framework.mcp.start-seconds" in said
    assert hanging["schemas"].status is Status.NOT_RUN

    late = servers.check(servers.settings("slow", start_seconds=0.6))
    assert late["start"].status is Status.FAILED
    assert "s to respond (stdio, 2025-11-25); 0.6 s" in messages(late)
    assert late["schemas"].status is Status.PASSED

    staying = servers.check(servers.settings("no-end", stop_seconds=0.5))
    assert staying["shutdown"].status is Status.FAILED
    assert "did not end within 0.5 s after its stdin was closed" in messages(staying)

    killed = servers.check(servers.settings("hang"), timeout=4.0)
    assert killed["start"].status is Status.TIMED_OUT


@pytest.mark.heavy
def test_an_era_that_is_not_spoken_is_named_and_red_where_it_is_required(
    servers: CheckedServers,
) -> None:
    older = servers.settings("handshake-only")
    servers.check(older, update=True)
    results = servers.check(older)
    assert set(states(results, "stateless").values()) == {"passed"}
    assert "warning: the server does not speak 2026-07-28, without one" in messages(
        results
    )
    assert results["stateless"].status is Status.SKIPPED
    newer = servers.settings("modern-only", protocols=["2025-11-25"])
    results = servers.check(newer)
    assert results["protocol"].status is Status.FAILED
    assert "protocols requires 2025-11-25; the server speaks 2026-07-28" in messages(
        results
    )


@pytest.mark.heavy
def test_answers_that_differ_anyway_are_no_state(servers: CheckedServers) -> None:
    results = servers.check(servers.settings("clock", "catch-all"))
    assert results["stateless"].status is Status.PASSED
    assert results["stateless"].notes[-1].startswith("not compared, as they differ")
    assert "as if it existed" in messages(results)


@pytest.mark.heavy
def test_a_command_that_is_not_there_is_named(servers: CheckedServers) -> None:
    results = servers.check(servers.settings(command="no-such-server --now"))
    assert results["start"].status is Status.FAILED
    assert "could not be started: No such file" in messages(results)
    assert set(states(results, "start", "stdout").values()) <= {"not-run", "skipped"}
