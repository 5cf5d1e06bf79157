"""JUnit XML as Jenkins' xUnit plugin and two GitHub actions read it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import cast
from xml.etree import ElementTree as Xml

import pytest
from junitparser import JUnitXml

from ci_engine.findings.results import (
    CheckResult,
    Finding,
    Status,
    TestCase,
    make_result,
)
from ci_engine.reports.junit import to_junit

# junit-10.xsd of jenkinsci/xunit-plugin 3.1: attributes, required ones first, and the
# elements inside, by element.
_RESULT = ("type message", 0, "")
_RERUN = ("type message", 1, "stackTrace system-out system-err")
_SCHEMA = {
    "testsuites": ("name time tests failures errors", 0, "testsuite"),
    "testsuite": (
        "name tests failures errors group time skipped timestamp hostname id package "
        "file log url",
        4,
        "testsuite properties testcase system-out system-err",
    ),
    "testcase": (
        "name time classname group",
        1,
        "skipped error failure rerunFailure rerunError flakyFailure flakyError "
        "system-out system-err",
    ),
    **dict.fromkeys(("failure", "error", "skipped"), _RESULT),
    **dict.fromkeys(
        ("rerunFailure", "rerunError", "flakyFailure", "flakyError"), _RERUN
    ),
    **dict.fromkeys(("system-out", "system-err", "stackTrace"), ("", 0, "")),
}
_TIME = re.compile(r"(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]*)?")
OUTCOMES = {
    "passed": "success",
    "failed": "failed",
    "error": "failed",
    "flaky": "success",
    "xfailed": "skipped",
    "xpassed": "success",
    "skipped": "skipped",
    "deselected": "skipped",
    "not-collected": "skipped",
    "not-run": "skipped",
}


def invalid(element: Xml.Element) -> Iterator[str]:
    """What the schema rejects."""
    attributes, required, inside = _SCHEMA[element.tag]
    names = attributes.split()
    yield from (f"{element.tag} {name}" for name in {*element.keys()} - {*names})
    yield from (f"no {name}" for name in {*names[:required]} - {*element.keys()})
    if element.tag.startswith("testsuite") and not _TIME.fullmatch(
        element.get("time", "")
    ):
        yield f"{element.tag} time"
    for child in element:
        if child.tag not in inside.split():
            yield f"{child.tag} in {element.tag}"
        yield from invalid(child)


def checks() -> list[CheckResult]:
    """A result of every kind."""
    tests = [
        TestCase(id=f"t.py::{name}", outcome=name, path="t.py", line=3, message="why")
        for name in OUTCOMES
    ]
    found = [
        Finding(tool="pytest", rule="test-failed", message="no", test=t.id, path="t.py")
        for t in tests
        if t.outcome in ("failed", "error")
    ]
    lint = [Finding(tool="ruff", rule="F401", message="unused", path="a.py", line=7)]
    return [
        CheckResult(
            id="test", status=Status.FAILED, tests=tests, findings=found, notes=["note"]
        ),
        CheckResult(id="lint", status=Status.FAILED, findings=lint, seconds=1234.5),
        *(
            CheckResult(id=status.value, status=status, reason="because")
            for status in Status
        ),
    ]


def report() -> str:
    return to_junit(make_result("gate", checks(), 5.0))


def test_the_schema_of_jenkins_accepts_every_result() -> None:
    assert list(invalid(Xml.fromstring(report()))) == []  # noqa: S314 - our own


def test_every_case_is_read_as_dornys_test_reporter_does() -> None:
    root = Xml.fromstring(report())  # noqa: S314 - our own
    read: dict[str, str] = {}
    for suite in root.findall("testsuite"):
        assert float(suite.get("time", "nan")) >= 0
        for case in suite.findall("testcase"):
            # The attributes are used without asking whether they are there.
            assert case.get("classname") is not None
            assert float(case.get("time", "nan")) >= 0
            tags = {each.tag for each in case}
            failed = "failed" if tags & {"failure", "error"} else ""
            skipped = "skipped" if "skipped" in tags else "success"
            read[case.get("name", "")] = failed or skipped
    for name, result in OUTCOMES.items():
        assert read[f"t.py::{name}"] == result
    assert read["a.py:7 F401"] == "failed"


def test_every_case_is_read_as_publish_unit_test_result_does() -> None:
    # Of its suites the first is that of the tests.
    tests = next(iter(JUnitXml.fromstring(report().encode())))
    counted: Counter[str] = Counter()
    for case in tests:
        results = cast("list[object]", case.result)
        tags = {type(result).__name__.lower() for result in results}
        worst = (tag for tag in ("error", "failure", "skipped") if tag in tags)
        counted[next(worst, "success")] += 1
    assert counted == {"error": 1, "failure": 1, "skipped": 5, "success": 3}
    expected = (len(OUTCOMES), 1, 1, 5)
    assert (tests.tests, tests.failures, tests.errors, tests.skipped) == expected


@pytest.mark.parametrize("suite", ["test", "lint"])
def test_a_failure_begins_with_its_location(suite: str) -> None:
    root = Xml.fromstring(report())  # noqa: S314 - our own
    texts = [
        element.text or ""
        for tag in ("failure", "error")
        for element in root.findall(f"testsuite[@name='{suite}']/testcase/{tag}")
    ]
    assert texts
    assert all(re.match(r"[at]\.py", text) for text in texts)
