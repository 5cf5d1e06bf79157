"""Small parts of the engine, each by itself."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Annotated, Literal
from xml.etree import ElementTree as Xml

import msgspec
import pytest

from ci_engine.checks import CHECKS
from ci_engine.checks.context import Context
from ci_engine.checks.lint import ruff
from ci_engine.checks.request import GateRequest
from ci_engine.checks.tests.pytest_events import TestRun, read_events
from ci_engine.checks.types import mypy
from ci_engine.configuration.key_lines import find_line
from ci_engine.configuration.loading import load_configuration
from ci_engine.configuration.settings import BUILT_IN_CHECKS
from ci_engine.configuration.typed_tables import Mistake, find_mistakes
from ci_engine.errors import ConfigurationError, ToolError
from ci_engine.findings.results import (
    CheckResult,
    Finding,
    RunResult,
    Status,
    TestCase,
    Verdict,
    verdict_of,
)
from ci_engine.github.annotations import annotate
from ci_engine.project.repository import Project, read_project
from ci_engine.reports.junit import to_junit
from ci_engine.reports.markdown import to_markdown


class Inner(msgspec.Struct, rename="kebab", kw_only=True):
    number: Annotated[int, msgspec.Meta(ge=0, le=100)] = 0
    ratio: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    name: Annotated[str, msgspec.Meta(min_length=1)] = "x"
    shape: Annotated[str, msgspec.Meta(pattern="^a+$")] = "a"
    kind: Literal["one", "two"] = "one"
    is_on: bool = False
    maybe: str | None = None


class Outer(msgspec.Struct, rename="kebab", kw_only=True):
    inner: Inner
    items: Annotated[list[int], msgspec.Meta(min_length=1)]
    table: dict[str, Inner] = msgspec.field(default_factory=dict[str, Inner])


def mistakes_in(**inner: object) -> list[tuple[str, str, str]]:
    found = find_mistakes({"inner": inner, "items": [1]}, Outer)
    return [(".".join(m.keys), m.got, m.expected) for m in found]


@pytest.mark.parametrize(
    ("key", "value", "got", "expected"),
    [
        ("number", 101, "101", "an integer from 0 to 100"),
        ("number", -1, "-1", "an integer from 0 to 100"),
        ("number", True, "true", "an integer from 0 to 100"),
        ("number", 1.0, "1.0", "an integer from 0 to 100"),
        ("number", "1", "'1'", "an integer from 0 to 100"),
        ("number", None, "null", "an integer from 0 to 100"),
        ("ratio", 0, "0", "a number above 0"),
        ("ratio", float("nan"), "nan", "a number above 0"),
        ("ratio", False, "false", "a number above 0"),
        ("name", "", "''", "a non-empty string"),
        ("name", ["x"], "['x']", "a non-empty string"),
        ("shape", "b", "'b'", "a string that matches ^a+$"),
        ("kind", "three", "'three'", "one of 'one', 'two'"),
        ("kind", ["one"], "['one']", "one of 'one', 'two'"),
        ("is-on", 1, "1", "true or false"),
        ("maybe", 1, "1", "a string"),
    ],
)
def test_a_value_that_does_not_fit_is_a_mistake(
    key: str, value: object, got: str, expected: str
) -> None:
    assert mistakes_in(**{key: value}) == [(f"inner.{key}", got, expected)]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("number", 0),
        ("number", 100),
        ("ratio", 1),
        ("ratio", 0.1),
        ("maybe", None),
        ("maybe", "x"),
        ("is-on", True),
    ],
)
def test_a_value_that_fits_is_none(key: str, value: object) -> None:
    assert mistakes_in(**{key: value}) == []


def test_every_mistake_is_found_at_once() -> None:
    data: dict[str, object] = {
        "inner": {"number": "x", "nmber": 1},
        "items": [],
        "table": {"a": {"kind": 1}, "b": 3},
        "more": 1,
    }
    found = find_mistakes(data, Outer)
    assert [".".join(mistake.keys) for mistake in found] == [
        "inner.number",
        "inner.nmber",
        "items",
        "table.a.kind",
        "table.b",
        "more",
    ]
    assert "did you mean 'number'?" in found[1].expected


def test_missing_keys_are_mistakes_only_in_whole_data() -> None:
    missing = find_mistakes({}, Outer, ("tool", "x"))
    assert [mistake.keys for mistake in missing] == [
        ("tool", "x", "inner"),
        ("tool", "x", "items"),
    ]
    assert find_mistakes({}, Outer, partial=True) == []


@pytest.mark.parametrize("data", [None, 3, "x", [], [{}]])
def test_what_is_no_table_is_one_mistake(data: object) -> None:
    (mistake,) = find_mistakes(data, Outer, ("top",))
    assert mistake == Mistake(("top",), mistake.got, "a table")


def test_long_values_are_clipped() -> None:
    ((_, found, _),) = mistakes_in(kind="x" * 500)
    assert len(found) < 80


TOML = """\
# [tool.x]  a comment
[project]
name = "demo"  # 3
tool.x.late = 1

[ tool . x ]
a = 1
"quoted key" = 2
'single' = 3
b.c.d = 4
list = [
    "one",
    "two",
]
nested = [["a"], ["b"]]
url = "http://x"

[tool.x.sub]  # a comment
a = 5

[[tool.x.many]]
z = 1
"""


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (("project", "name"), 3),
        (("tool", "x"), 6),
        (("tool", "x", "a"), 7),
        (("tool", "x", "quoted key"), 8),
        (("tool", "x", "single"), 9),
        (("tool", "x", "b", "c", "d"), 10),
        (("tool", "x", "b", "c"), 6),
        (("tool", "x", "list"), 11),
        (("tool", "x", "list", "[1]"), 11),
        (("tool", "x", "url"), 16),
        (("tool", "x", "sub"), 18),
        (("tool", "x", "sub", "a"), 19),
        (("tool", "x", "many", "z"), 22),
        (("tool", "x", "missing"), 6),
        (("nowhere",), 0),
    ],
)
def test_the_line_of_a_key_in_toml(keys: tuple[str, ...], line: int) -> None:
    assert find_line(TOML, keys) == line
    assert find_line(TOML.replace("\n", "\r\n"), keys) == line


YAML = """\
version: 2
on:
  push:
    branches: [main]
jobs:
  build:
    runs-on: x
    steps:
      - uses: a/b@c
        with:
          key: 1
      - run: echo
  test:
    runs-on: y
"""


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (("version",), 1),
        (("on", "push", "branches"), 4),
        (("jobs", "build", "runs-on"), 7),
        (("jobs", "build", "steps"), 8),
        (("jobs", "build", "steps", "with", "key"), 11),
        (("jobs", "test", "runs-on"), 14),
        (("jobs", "test", "missing"), 13),
        (("nowhere",), 0),
    ],
)
def test_the_line_of_a_key_in_yaml(keys: tuple[str, ...], line: int) -> None:
    assert find_line(YAML, keys) == line


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


@pytest.mark.parametrize(("last", "expected"), [("passed", "passed"), ("failed",) * 2])
def test_the_last_of_several_attempts_counts(
    tmp_path: Path, last: str, expected: str
) -> None:
    rows = [start("a"), phase("a", "setup"), phase("a", "call", "rerun")]
    rows += [phase("a", "setup"), phase("a", "call", last), phase("a", "teardown")]
    run = events(tmp_path / "e", *rows, FINISH)
    assert outcomes(run) == {"a": expected}
    assert len(run.tests) == 1


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


def test_other_lines_are_the_stack(tmp_path: Path) -> None:
    stack = 'Thread 1:\n  File "/x/t.py", line 5 in test_a'
    run = events(tmp_path / "e", start("a"), stack)
    assert run.stack == stack


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


def a_run(*checks: CheckResult) -> RunResult:
    return RunResult(
        command="gate",
        verdict=verdict_of(list(checks)),
        python="3.12.1",
        checks=list(checks),
    )


def test_characters_that_xml_cannot_hold_are_replaced() -> None:
    bad = "a\x00b\x1b[31mc\ufffe\ud800d & < > \" ' ]]> \r\n\t 日本 \U0001f600"
    finding = Finding(tool="t", rule=bad, message=bad, path=f"x{bad}", line=3)
    test = TestCase(id=bad, outcome="failed", path=bad, line=1, message=bad)
    check = CheckResult(
        id="test", status=Status.FAILED, findings=[finding], tests=[test], reason=bad
    )
    text = to_junit(
        a_run(check, CheckResult(id="b", status=Status.NOT_RUN, output=bad))
    )
    tree = Xml.fromstring(text.encode("utf-8", "strict"))  # noqa: S314 - our own
    cases = list(tree.iter("testcase"))
    assert len(cases) == 3
    assert "日本 \U0001f600" in str(cases[0].get("name"))


def test_the_verdict_of_a_run() -> None:
    def verdict(*states: Status | tuple[Status, bool]) -> Verdict:
        pairs = [
            state if isinstance(state, tuple) else (state, True) for state in states
        ]
        return verdict_of(
            [CheckResult(id="x", status=status, blocking=b) for status, b in pairs]
        )

    assert verdict() is Verdict.ERROR
    assert verdict(Status.PASSED, Status.SKIPPED) is Verdict.GREEN
    assert verdict(Status.PASSED, Status.NOT_RUN) is Verdict.ERROR
    assert verdict(Status.NOT_RUN, Status.FAILED) is Verdict.RED
    assert verdict(Status.TIMED_OUT) is Verdict.RED
    assert verdict((Status.FAILED, False), Status.PASSED) is Verdict.GREEN
    assert [v.exit_code for v in (Verdict.GREEN, Verdict.RED, Verdict.ERROR)] == [
        0,
        1,
        3,
    ]


def test_markdown_keeps_foreign_text_in_its_place() -> None:
    finding = Finding(
        tool="t", rule="<b>", message="<script> | ![x](y)", path="a`b``.py\n# x", line=1
    )
    check = CheckResult(
        id="lint",
        status=Status.FAILED,
        findings=[finding],
        reason="<i> | reason",
        notes=["<u> note"],
        rerun="ci gate -- 'a`b'",
    )
    other = CheckResult(id="x", status=Status.NOT_RUN, output="````\n<script>\n```")
    text = to_markdown(a_run(check, other))
    assert "- ``` a`b``.py\\n# x:1 ``` **&lt;b>** &lt;script> \\| !\\[x](y)" in text
    assert "&lt;i> \\| reason" in text
    assert "&lt;u> note" in text
    assert "Again: `` ci gate -- 'a`b' ``" in text
    assert "`````text\n````\n<script>\n```\n`````" in text


def test_annotations_put_errors_before_warnings_and_escape() -> None:
    findings = [
        Finding(tool="t", rule="r", message="m", path="b.py", severity="warning"),
        Finding(tool="t", rule="a:b,c", message="5 % \n x", path="x:y.py", line=2),
    ]
    rows = list(annotate(a_run(CheckResult(id="lint", findings=findings))))
    assert rows == [
        "::error file=x%3Ay.py,line=2,title=lint%3A a%3Ab%2Cc::5 %25",
        "::warning file=b.py,title=lint%3A r::m",
    ]


def test_every_check_has_a_tier_and_a_timeout_and_nothing_else_has(
    tmp_path: Path,
) -> None:
    settings = load_configuration(tmp_path, {}).settings
    assert set(settings.checks) == set(CHECKS) == set(BUILT_IN_CHECKS)


@pytest.fixture
def context(tmp_path: Path) -> Context:
    project = Project(root=tmp_path, manager="pip", pyproject={})
    settings = load_configuration(tmp_path, {}).settings
    error = ToolError("none")
    return Context(
        project=project,
        environment=error,
        cancel=threading.Event(),
        check="lint",
        settings=settings,
        request=GateRequest("essential", ["lint"], tmp_path),
    )


def diff_places(context: Context, text: str) -> list[tuple[str, int]]:
    read = ruff._read_diff  # pyright: ignore[reportPrivateUsage]
    return [(finding.path, finding.line) for finding in read(context, text)]


def test_a_diff_gives_each_file_its_first_changed_line(context: Context) -> None:
    text = (
        "--- src/a.py\n+++ src/a.py\n@@ -10,4 +10,4 @@\n same\n same\n-x=1\n+x = 1\n"
        " same\n@@ -30 +30 @@\n-y=1\n+y = 1\n\n"
        "--- src/b.py\n+++ src/b.py\n@@ -1 +1 @@\n-y=1\n+y = 1\n\n"
    )
    assert diff_places(context, text) == [("src/a.py", 12), ("src/b.py", 1)]


def test_removed_lines_that_look_like_a_head_are_no_head(context: Context) -> None:
    text = (
        "--- src/a.py\n+++ src/a.py\n@@ -1,3 +1,2 @@\n same\n--- x\n-y\n+z\n"
        "@@ -9 +8 @@\n--- q\n+r\n"
    )
    assert diff_places(context, text) == [("src/a.py", 2)]


def test_cells_of_notebooks_belong_to_their_notebook(context: Context) -> None:
    text = (
        "--- n.ipynb:cell 1\n+++ n.ipynb:cell 1\n@@ -1 +1 @@\n-x=1\n+x = 1\n"
        "--- n.ipynb:cell 3\n+++ n.ipynb:cell 3\n@@ -2 +2 @@\n-x=1\n+x = 1\n"
    )
    assert diff_places(context, text) == [("n.ipynb", 1), ("n.ipynb", 2)]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (
            "src/a.py:3:5: error: Bad  [misc]",
            ("src/a.py", 3, 5, "error", "Bad", "misc"),
        ),
        ("src/a.py:3: error: Bad", ("src/a.py", 3, 0, "error", "Bad", "error")),
        ("src/a.py: error: Bad", ("src/a.py", 0, 0, "error", "Bad", "error")),
        ("a.py:1: warning: x: y", ("a.py", 1, 0, "warning", "x: y", "error")),
        (
            'a.py:1:1: error: Type "x[y]" is  bad  [arg-type]',
            ("a.py", 1, 1, "error", 'Type "x[y]" is  bad', "arg-type"),
        ),
    ],
)
def test_a_line_of_mypy(
    context: Context, row: str, expected: tuple[str, int, int, str, str, str]
) -> None:
    read = mypy._findings  # pyright: ignore[reportPrivateUsage]
    (found,) = read(context, row)
    location = (found.path, found.line, found.column)
    assert (*location, found.severity, found.message, found.rule) == expected


def test_a_line_of_mypy_with_a_drive(context: Context) -> None:
    line = mypy._LINE  # pyright: ignore[reportPrivateUsage]
    match = line.match("C:\\src\\a.py:3:5: error: Bad  [misc]")
    assert match is not None
    assert (match["path"], match["line"], match["column"]) == (
        "C:\\src\\a.py",
        "3",
        "5",
    )


@pytest.mark.parametrize(
    "row",
    [
        "src/a.py:3: note: See x",
        "Success: no issues found in 1 source file",
        "Found 1 error in 1 file (checked 1 source file)",
        "",
    ],
)
def test_other_lines_of_mypy_are_no_findings(context: Context, row: str) -> None:
    read = mypy._findings  # pyright: ignore[reportPrivateUsage]
    assert read(context, row) == []


@pytest.mark.parametrize(
    ("files", "manager"),
    [
        ({}, "pip"),
        ({"pyproject.toml": "[project]\nname = 'x'\n"}, "pip"),
        ({"pyproject.toml": "[tool.uv]\n"}, "uv"),
        ({"uv.lock": ""}, "uv"),
        ({"pyproject.toml": "[tool.poetry]\n", "uv.lock": ""}, "poetry"),
        ({"poetry.lock": ""}, "poetry"),
        ({"pyproject.toml": "[tool.pixi.workspace]\n[tool.uv]\n"}, "pixi"),
        ({"pixi.toml": "", "poetry.lock": ""}, "pixi"),
    ],
)
def test_the_manager_of_a_project(
    tmp_path: Path, files: dict[str, str], manager: str
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert read_project(tmp_path).manager == manager


def test_groups_are_expanded(tmp_path: Path) -> None:
    text = (
        '[dependency-groups]\ntest = ["pytest"]\nLint_It = ["ruff"]\n'
        'dev = [{include-group = "test"}, "x", {include-group = "lint-it"}]\n'
    )
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    groups = read_project(tmp_path).groups
    assert groups["dev"] == ("pytest", "x", "ruff")
    assert groups["lint-it"] == ("ruff",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dependency-groups = 3\n", "expected a table"),
        ("[dependency-groups]\na = 3\n", "a: expected a list"),
        ("[dependency-groups]\na = [3]\n", "a: found 3"),
        ('[dependency-groups]\na = [{include-group = "b"}]\n', "b: no such group"),
        ('[dependency-groups]\na = [{include-group = "a"}]\n', "a: includes itself"),
    ],
)
def test_groups_that_make_no_sense_are_refused(
    tmp_path: Path, text: str, message: str
) -> None:
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=message):
        read_project(tmp_path)
