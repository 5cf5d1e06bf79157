"""Foreign text cannot break a report."""

from __future__ import annotations

from xml.etree import ElementTree as Xml

import pytest

from ci_engine.findings.results import (
    CheckResult,
    Finding,
    RunResult,
    Status,
    TestCase,
    Verdict,
    verdict_of,
)
from ci_engine.github.outputs import annotate
from ci_engine.reports.junit import to_junit
from ci_engine.reports.markdown import to_markdown
from tests.support.projects import DemoProject


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
    assert "- ``` a`b``.py\\n# x:1 ``` **&lt;b>** &lt;script> \\| !\\[x]\\(y)" in text
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


@pytest.mark.heavy
def test_output_without_an_end_of_line_is_cut(project: DemoProject) -> None:
    """A megabyte on one line is in one file, not in five."""
    project.test_file(
        "def test_more() -> None:\n    print('x' * 3_000_000)\n"
        "    assert 'a' * 1_000_000 == 'b'\n"
    )
    # With this variable pytest shows all of what it compares.
    run = project.gate("test", variables={"CI": "true"})
    assert run.code == 1, str(run)
    sizes = {path.name: path.stat().st_size for path in run.reports.iterdir()}
    assert sizes.pop("pytest-output.txt") > 3_000_000
    sizes.pop(".coverage")
    assert max(sizes.values()) < 200_000, sizes
