"""The verdict on state, on the snapshot and on the conformance suite."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ci_engine.errors import ConfigurationError
from ci_engine.findings.results import Status
from ci_engine.mcp.conformance import (
    Expected,
    Revision,
    expected_of,
    judge_conformance,
    read_expected,
)
from ci_engine.mcp.conformance_run import read_results, require_conformance
from ci_engine.mcp.observations import Call, Failure, HttpAnswer, Rounds
from ci_engine.mcp.snapshot import judge_snapshot, read_snapshot
from ci_engine.mcp.stateless import judge_stateless
from tests.support.mcp_observations import (
    SETTINGS,
    TOOL,
    call,
    lists,
    messages_of,
    observed,
    older,
    session,
    settings,
    silent,
)

NAME = "kept/snapshot.json"
CLOSED = Failure("closed", "it went away")
STATE: list[tuple[list[Call], list[Call], str]] = [
    (
        [call(result="1")],
        [call(result="2")],
        "tool 'double' has another result when two processes answer in turn: 2 instead",
    ),
    (
        [call()],
        [call(result=None, failure=CLOSED)],
        "tool 'double' fails when two processes answer in turn: it went away",
    ),
    ([call()], [], "tool 'double' fails when two processes answer in turn\nhint"),
    (
        [call(kind="list", result="a")],
        [call(kind="list", result="b")],
        "the lists of the server depend on the process that answers",
    ),
]


@pytest.mark.parametrize(("one", "two", "message"), STATE)
def test_state_that_only_one_process_has_is_red(
    one: list[Call], two: list[Call], message: str
) -> None:
    rounds = Rounds(one, two, one)
    check = judge_stateless(observed(session(), rounds=rounds), SETTINGS)
    assert check.status is Status.FAILED
    assert message in messages_of(check)


def test_what_differs_anyway_or_is_not_known_is_no_state() -> None:
    clock = Rounds([call(result="1")], [call(result="2")], [call(result="3")])
    check = judge_stateless(observed(session(), rounds=clock), SETTINGS)
    assert check.status is Status.PASSED
    assert (
        check.notes[-1] == "not compared, as they differ from run to run: tool 'double'"
    )
    late = Rounds([call()], [call(failure=Failure("timeout", ""))])
    check = judge_stateless(observed(session(), rounds=late), SETTINGS)
    assert check.status is Status.NOT_RUN
    off = judge_stateless(observed(session()), settings(stateless=False))
    assert (off.status, off.reason) == (
        Status.SKIPPED,
        "tool.ci-framework.mcp.stateless is false",
    )
    assert judge_stateless(observed(older()), SETTINGS).status is Status.SKIPPED
    never = judge_stateless(observed(), SETTINGS)
    assert (never.status, never.reason) == (Status.NOT_RUN, "the server did not start")


def test_a_snapshot_is_written_and_every_change_of_it_is_red(tmp_path: Path) -> None:
    tool = {**TOOL, "description": "  Twice.\n    Or more.", "title": ""}
    now = observed(session(lists=lists(tool)))
    missing = judge_snapshot(now, tmp_path, NAME, update=False, dry_run=False)
    assert f"there is no {NAME} to compare the server with" in messages_of(missing)
    planned = judge_snapshot(now, tmp_path, NAME, update=True, dry_run=True)
    assert planned.notes == [f"{NAME}: would be written"]
    assert read_snapshot(tmp_path, NAME) is None
    judge_snapshot(now, tmp_path, NAME, update=True, dry_run=False)
    written = json.loads((tmp_path / NAME).read_text("utf-8"))
    assert written["tools"]["double"]["description"] == "Twice.\nOr more."
    again = judge_snapshot(now, tmp_path, NAME, update=True, dry_run=False)
    assert again.notes == [f"{NAME}: nothing changed"]

    properties = {f"p{n}": {"type": "string"} for n in range(6)}
    changed = {
        **TOOL,
        "description": "Thrice.",
        "inputSchema": {"properties": properties},
    }
    other = observed(older(lists=lists(changed, {"name": "new"})))
    text = messages_of(
        judge_snapshot(other, tmp_path, NAME, update=False, dry_run=False)
    )
    for change in (
        "the server no longer speaks 2026-07-28",
        "the server now speaks 2025-11-25",
        "tool 'new' was added",
        "tool 'double' changed: ",
        "inputSchema.type was removed",
        'description: "Thrice." instead of "Twice.\\nOr more."',
    ):
        assert change in text
    gone = observed(session(lists=lists()))
    text = messages_of(
        judge_snapshot(gone, tmp_path, NAME, update=False, dry_run=False)
    )
    assert "tool 'double' was removed" in text


def test_many_changes_are_counted(tmp_path: Path) -> None:
    def with_keys(number: int) -> dict[str, object]:
        schema = {"type": "object", **{f"k{n}": number for n in range(7)}}
        return {**TOOL, "inputSchema": schema}

    for number in (1, 2):
        now = observed(session(lists=lists(with_keys(number))))
        update = number == 1
        check = judge_snapshot(now, tmp_path, NAME, update=update, dry_run=False)
    assert "; and 3 more" in messages_of(check)


def test_a_snapshot_is_neither_taken_from_half_a_server_nor_read_from_anything(
    tmp_path: Path,
) -> None:
    def judge(update: bool) -> Status:
        half = observed(session(), silent("timeout"))
        unknown = observed(silent())
        checks = [
            judge_snapshot(each, tmp_path, NAME, update=update, dry_run=False)
            for each in (half, unknown)
        ]
        assert checks[1].status is Status.NOT_RUN
        return checks[0].status

    assert judge(update=True) is Status.NOT_RUN
    assert judge(update=False) is Status.FAILED
    (tmp_path / "kept").mkdir()
    (tmp_path / NAME).write_text("[]", "utf-8")
    good = observed(session())
    with pytest.raises(ConfigurationError, match="expected a snapshot of an MCP"):
        judge_snapshot(good, tmp_path, NAME, update=False, dry_run=False)
    judge_snapshot(good, tmp_path, NAME, update=True, dry_run=False)
    assert read_snapshot(tmp_path, NAME) is not None
    with pytest.raises(ConfigurationError, match="expected a file of the repository"):
        judge_snapshot(good, tmp_path, "../x.json", update=True, dry_run=False)


@pytest.mark.parametrize("status", [400, 404, 406, 500])
def test_a_version_that_an_endpoint_declines_is_no_reason_against_a_snapshot(
    tmp_path: Path, status: int
) -> None:
    """Older SDKs answer requests without a handshake with HTTP 400."""
    declined = silent("closed", transport="http", http=HttpAnswer(status, "", ""))
    other = older(transport="http")
    for sessions, written in (
        ([other, declined], status < 500),
        # Over stdio it has another version; over HTTP it was not heard at all.
        ([older(), declined], False),
    ):
        now = observed(*sessions)
        check = judge_snapshot(now, tmp_path, NAME, update=True, dry_run=True)
        assert check.status is (Status.PASSED if written else Status.NOT_RUN)


REVISION = "2026-07-28"


def revision(**failed: list[str]) -> dict[str, Revision]:
    found = {name: dict.fromkeys(checks, "why") for name, checks in failed.items()}
    return {REVISION: Revision(found, 3)}


def test_new_failures_are_red_and_fixed_ones_are_named_for_removal(
    tmp_path: Path,
) -> None:
    before = expected_of(revision(ping=["a", "b"], caching=["c"], tools=[]))
    assert before.expected == {REVISION: {"ping": ["a", "b"], "caching": ["c"]}}
    same = judge_conformance(revision(ping=["a", "b"], caching=["c"]), before, NAME)
    assert same.status is Status.PASSED
    assert not same.findings
    assert same.notes == [f"{REVISION}: 3 checks passed, 3 failed"]

    now = revision(ping=["a", "new"], tools=["t"])
    check = judge_conformance(now, before, NAME)
    assert check.status is Status.FAILED
    text = messages_of(check)
    assert (
        f"error: {REVISION}: the scenario ping failed: new (why)\nhint: correct" in text
    )
    assert f"error: {REVISION}: the scenario tools failed: t (why)" in text
    assert "warning: 2026-07-28: expected failures of ping no longer fail: b" in text
    assert "the suite has no scenario caching" in text
    assert (
        f"hint: remove them from {NAME}: ci-framework/ci mcp conformance --up" in text
    )
    fixed = judge_conformance(revision(ping=["a", "b"], caching=[]), before, NAME)
    assert fixed.status is Status.PASSED
    assert judge_conformance(now, None, NAME).status is Status.FAILED


def test_the_file_with_expected_failures_is_read_strictly(tmp_path: Path) -> None:
    assert read_expected(tmp_path, "x.json") is None
    (tmp_path / "x.json").write_text('{"schema": 1, "expected": {}}', "utf-8")
    assert read_expected(tmp_path, "x.json") == Expected(1, {})
    (tmp_path / "x.json").write_text('{"schema": 1, "server": []}', "utf-8")
    with pytest.raises(ConfigurationError, match="conformance suite: Object"):
        read_expected(tmp_path, "x.json")


def test_the_results_of_the_suite_are_read_by_scenario(tmp_path: Path) -> None:
    assert read_results(tmp_path, ["ping"]) is None
    folder = tmp_path / "server-ping-2026-11-29T20-51-21-622Z"
    folder.mkdir()
    checks = [
        {"id": "good", "status": "SUCCESS"},
        {"id": "bad", "status": "FAILURE", "errorMessage": "one\ntwo"},
        {"id": "note", "status": "INFO"},
    ]
    (folder / "checks.json").write_text(json.dumps(checks), "utf-8")
    found = read_results(tmp_path, ["ping", "tools-list"])
    assert found == Revision(
        {
            "ping": {"bad": "one"},
            "tools-list": {"no-result": "the suite gave no result"},
        },
        1,
    )


def test_the_suite_needs_revisions_and_http() -> None:
    require_conformance(settings(conformance=[REVISION]))
    with pytest.raises(ConfigurationError, match="expected revisions of the protocol"):
        require_conformance(SETTINGS)
    with pytest.raises(ConfigurationError, match=r"mcp\.http-command: expected"):
        require_conformance(settings(conformance=[REVISION], http_command=""))
