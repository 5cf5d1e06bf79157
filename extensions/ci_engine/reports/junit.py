"""The result as JUnit XML: a suite per check, a case per test or finding.

It uses only what Jenkins' xUnit plugin accepts (``junit-10.xsd`` knows neither ``file``
nor ``line``), so the location is the beginning of the text of a case.
"""

from __future__ import annotations

from xml.etree import ElementTree as Xml  # nosec B405 - writes XML only

from ci_engine.escaping import xml_text
from ci_engine.findings.results import (
    CheckResult,
    Finding,
    RunResult,
    Status,
    TestCase,
    headline,
)

_TAGS = {
    "failed": "failure",
    "error": "error",
    "flaky": "flakyFailure",
    "xfailed": "skipped",
    "skipped": "skipped",
    "deselected": "skipped",
    "not-collected": "skipped",
    "not-run": "skipped",
}


def to_junit(result: RunResult) -> str:
    """Write the result as the JUnit XML that CI systems read."""
    suites = Xml.Element("testsuites", name=f"ci-framework {result.command}")
    for check in result.checks:
        _add_suite(suites, check)
    cases = list(suites.iter("testcase"))
    suites.set("tests", str(len(cases)))
    suites.set("failures", str(len(list(suites.iter("failure")))))
    suites.set("errors", str(len(list(suites.iter("error")))))
    suites.set("time", f"{result.seconds:.3f}")
    Xml.indent(suites)
    return (
        f"<?xml version='1.0' encoding='utf-8'?>\n{Xml.tostring(suites, 'unicode')}\n"
    )


def _add_suite(suites: Xml.Element, check: CheckResult) -> None:
    suite = Xml.SubElement(suites, "testsuite", name=check.id)
    accepted = {finding.test for finding in check.findings if finding.accepted}
    locations = {finding.test: finding for finding in check.findings}
    for test in check.tests:
        location = _location(locations.get(test.id, test))
        _add_test(suite, check, test, location, accepted=test.id in accepted)
    known = {test.id for test in check.tests}
    for finding in check.findings:
        unknown = finding.severity == "error" and not finding.accepted
        if unknown and finding.test not in known:
            _add_finding(suite, check, finding)
    errors = [finding for finding in check.findings if finding.severity == "error"]
    reported = any(not finding.accepted for finding in errors)
    # The findings of a check that could not finish do not show that it could not.
    if not reported or check.status is Status.NOT_RUN:
        _add_whole(suite, check)
    if check.notes:
        Xml.SubElement(suite, "system-out").text = xml_text("\n".join(check.notes))
    cases = suite.findall("testcase")
    suite.set("tests", str(len(cases)))
    suite.set("failures", str(len(suite.findall("testcase/failure"))))
    suite.set("errors", str(len(suite.findall("testcase/error"))))
    suite.set("skipped", str(len(suite.findall("testcase/skipped"))))
    suite.set("time", f"{check.seconds:.3f}")


def _case(
    suite: Xml.Element, check: CheckResult, name: str, seconds: float = 0.0
) -> Xml.Element:
    attributes = {"classname": check.id, "name": xml_text(name)}
    return Xml.SubElement(suite, "testcase", attributes, time=f"{seconds:.3f}")


def _location(at: Finding | TestCase) -> str:
    return f"{at.path}:{at.line}" if at.path and at.line else at.path


def _add_result(
    case: Xml.Element, tag: str, kind: str, location: str, text: str
) -> None:
    message = xml_text(headline(text))
    result = Xml.SubElement(case, tag, type=xml_text(kind), message=message)
    result.text = xml_text(": ".join(filter(None, (location, text))))


def _add_test(
    suite: Xml.Element,
    check: CheckResult,
    test: TestCase,
    location: str,
    *,
    accepted: bool,
) -> None:
    case = _case(suite, check, test.id, test.seconds)
    tag, kind = _TAGS.get(test.outcome, ""), test.outcome
    text = test.message or kind
    if accepted and tag in ("failure", "error"):
        # A known finding: readers of JUnit must not see it as new.
        tag, text = "skipped", "known failure, in the baseline"
    if tag:
        _add_result(case, tag, kind, location, text)


def _add_finding(suite: Xml.Element, check: CheckResult, finding: Finding) -> None:
    name = f"{finding.test or finding.location or check.id} {finding.rule}"
    case = _case(suite, check, name)
    text = f"{finding.rule}: {finding.message}"
    message = xml_text(f"{finding.rule}: {finding.headline}")
    _add_result(case, "failure", finding.rule, _location(finding), text)
    case[0].set("message", message)


def _add_whole(suite: Xml.Element, check: CheckResult) -> None:
    """Add one case for a check as a whole, if it has no finding."""
    if check.tests and check.status is Status.PASSED:
        return
    case = _case(suite, check, check.id, check.seconds)
    tags = {
        Status.FAILED: "failure",
        Status.TIMED_OUT: "failure",
        Status.NOT_RUN: "error",
        Status.SKIPPED: "skipped",
    }
    tag = tags.get(check.status)
    if tag:
        status = check.status.value
        message = xml_text(f"{status}: {check.reason}")
        result = Xml.SubElement(case, tag, type=status, message=message)
        result.text = xml_text(check.output)
