"""The events that a run of pytest reports."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ci_engine.checks.tests.pytest_events import TestRun, read_events


def events(path: Path, *rows: object) -> TestRun:
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return read_events(path)


def phase(name: str, when: str, outcome: str = "passed", **more: object) -> object:
    return {"event": "phase", "id": name, "when": when, "outcome": outcome, **more}


def start(name: str) -> object:
    return {"event": "start", "id": name, "path": "t.py", "line": 3}


def whole(name: str, outcome: str = "passed", **more: object) -> list[object]:
    call = phase(name, "call", outcome, **more)
    return [start(name), phase(name, "setup"), call, phase(name, "teardown")]


FINISH = {"event": "finish", "code": 0, "collected": 1}


def outcomes(run: TestRun) -> dict[str, str]:
    return {test.id: test.outcome for test in run.tests}


def test_events_of_a_run_without_a_file(tmp_path: Path) -> None:
    run = read_events(tmp_path / "none")
    assert not run.finished
    assert run.code == -1
    assert run.tests == []


def test_a_line_that_was_cut_short_leaves_its_test_running(tmp_path: Path) -> None:
    cut = json.dumps(phase("a", "call"))[:30]
    run = events(tmp_path / "e", *whole("b"), start("a"), phase("a", "setup"), cut)
    assert outcomes(run) == {"b": "passed"}
    assert [test.id for test in run.running] == ["a"]
    assert not run.finished


def test_tests_of_several_workers_may_be_mixed(tmp_path: Path) -> None:
    a, b = whole("a", "failed", message="no"), whole("b")
    mixed = [row for pair in zip(b, a, strict=True) for row in pair]
    run = events(tmp_path / "e", *mixed, FINISH)
    assert outcomes(run) == {"b": "passed", "a": "failed"}
    assert run.running == []
    assert run.finished


@pytest.mark.parametrize(
    ("when", "outcome", "xfail", "expected"),
    [
        ("setup", "failed", False, "error"),
        ("setup", "skipped", False, "skipped"),
        ("setup", "skipped", True, "xfailed"),
        ("call", "failed", False, "failed"),
        ("call", "skipped", False, "skipped"),
        ("call", "skipped", True, "xfailed"),
        ("call", "passed", True, "xpassed"),
        ("teardown", "failed", False, "error"),
    ],
)
def test_the_worst_phase_tells(
    tmp_path: Path, when: str, outcome: str, xfail: bool, expected: str
) -> None:
    rows = [
        phase("a", name, outcome if name == when else "passed", xfail=xfail)
        for name in ("setup", "call", "teardown")
        if not (when == "setup" and name == "call")
    ]
    assert outcomes(events(tmp_path / "e", *rows, FINISH)) == {"a": expected}


@pytest.mark.parametrize(("last", "expected"), [("passed", "flaky"), ("failed",) * 2])
def test_the_last_of_several_attempts_counts(
    tmp_path: Path, last: str, expected: str
) -> None:
    rows = [start("a"), phase("a", "setup"), phase("a", "call", "rerun")]
    rows += [phase("a", "setup"), phase("a", "call", last), phase("a", "teardown")]
    run = events(tmp_path / "e", *rows, FINISH)
    assert outcomes(run) == {"a": expected}
    assert len(run.tests) == 1


def test_two_tests_with_one_id_are_no_attempts(tmp_path: Path) -> None:
    run = events(tmp_path / "e", *whole("a", "failed"), *whole("a"), FINISH)
    assert outcomes(run) == {"a": "failed"}


def test_a_worker_that_died_fails_its_test(tmp_path: Path) -> None:
    rows = [start("a"), phase("a", "???", "failed", path="t.py", line=1)]
    run = events(tmp_path / "e", *rows, FINISH)
    assert outcomes(run) == {"a": "error"}
    assert run.running == []


def test_pytest_must_end_as_often_as_it_began(tmp_path: Path) -> None:
    begin = {"event": "begin"}
    assert events(tmp_path / "e", begin, *whole("a"), FINISH).finished
    assert not events(tmp_path / "e", begin, *whole("a"), FINISH, begin).finished
    bad = {**FINISH, "code": 2}
    run = events(tmp_path / "e", begin, bad, begin, *whole("a"), FINISH)
    assert (run.finished, run.code, run.collected) == (True, 2, 2)


def test_each_process_writes_its_own_stack(tmp_path: Path) -> None:
    """In one file, the records of several processes would be interleaved."""
    stack = 'Thread 1:\n  File "/x/t.py", line 5 in test_a\n'
    for name, text in (("main", "Thread 2:\n"), ("gw1", ""), ("gw0", stack)):
        (tmp_path / f"e.{name}").write_text(text)
    run = events(tmp_path / "e", start("a"), '{"event": "pha')
    assert run.stack == f"{stack}Thread 2:"


def test_a_collection_error_stands_where_its_message_says(tmp_path: Path) -> None:
    for message in (
        "tests/t.py:2: in <module>\n    import x\nE   No module",
        'E     File "/r/tests/t.py", line 2\nE       def f(:\nE   SyntaxError',
        'E     File "C:\\r\\tests\\t.py", line 2\n',
    ):
        row = {"event": "collect", "outcome": "failed", "id": "tests/t.py"}
        run = events(tmp_path / "e", {**row, "path": "tests/t.py", "message": message})
        assert [(case.path, case.line) for case in run.collection] == [
            ("tests/t.py", 2)
        ]
