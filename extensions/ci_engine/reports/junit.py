"""The result as JUnit XML: a suite for each check, a case for each test or finding."""

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
    for test in check.tests:
        _add_test(suite, check, test, accepted=test.id in accepted)
    known = {test.id for test in check.tests}
    for finding in check.findings:
        unknown = finding.severity == "error" and not finding.accepted
        if unknown and finding.test not in known:
            _add_finding(suite, check, finding)
    errors = [finding for finding in check.findings if finding.severity == "error"]
    told = any(not finding.accepted for finding in errors)
    # What a check found before it could not go on does not say that it could not.
    if not told or check.status is Status.NOT_RUN:
        _add_whole(suite, check)
    cases = suite.findall("testcase")
    suite.set("tests", str(len(cases)))
    suite.set("failures", str(len(suite.findall("testcase/failure"))))
    suite.set("errors", str(len(suite.findall("testcase/error"))))
    suite.set("skipped", str(len(suite.findall("testcase/skipped"))))
    suite.set("time", f"{check.seconds:.3f}")


def _case(
    suite: Xml.Element, check: CheckResult, name: str, path: str, line: int
) -> Xml.Element:
    attributes = {"classname": check.id, "name": xml_text(name)}
    if path:
        attributes["file"] = xml_text(path)
    if line:
        attributes["line"] = str(line)
    return Xml.SubElement(suite, "testcase", attributes)


def _add_test(
    suite: Xml.Element, check: CheckResult, test: TestCase, *, accepted: bool
) -> None:
    case = _case(suite, check, test.id, test.path, test.line)
    case.set("time", f"{test.seconds:.3f}")
    kind = {"failed": "failure", "error": "error", "skipped": "skipped"}
    tag = kind.get(test.outcome)
    if tag and accepted:
        # It fails as the baseline says: a reader of JUnit must not see it as new.
        Xml.SubElement(case, "skipped", message="known failure, in the baseline")
    elif tag:
        message = xml_text(headline(test.message))
        Xml.SubElement(case, tag, message=message).text = xml_text(test.message)


def _add_finding(suite: Xml.Element, check: CheckResult, finding: Finding) -> None:
    name = f"{finding.location or check.id} {finding.rule}"
    case = _case(suite, check, name, finding.path, finding.line)
    message = xml_text(f"{finding.rule}: {finding.headline}")
    rule = xml_text(finding.rule)
    failure = Xml.SubElement(case, "failure", message=message, type=rule)
    failure.text = xml_text(f"{finding.location}: {finding.rule}: {finding.message}")


def _add_whole(suite: Xml.Element, check: CheckResult) -> None:
    """One case for a check as a whole, where no finding speaks for it."""
    if check.tests and check.status is Status.PASSED:
        return
    case = _case(suite, check, check.id, "", 0)
    tags = {
        Status.FAILED: "failure",
        Status.TIMED_OUT: "failure",
        Status.NOT_RUN: "error",
        Status.SKIPPED: "skipped",
    }
    tag = tags.get(check.status)
    if tag:
        message = xml_text(f"{check.status.value}: {check.reason}")
        Xml.SubElement(case, tag, message=message).text = xml_text(check.output)
