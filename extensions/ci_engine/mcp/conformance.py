"""Compare the report of the conformance suite with the expected failures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from ci_engine.findings.results import CheckResult, Finding, name_some
from ci_engine.mcp.committed_files import read_committed
from ci_engine.mcp.verdicts import clip, finding, result, warning

CHECK = "mcp-conformance"
UPDATE = "ci-framework/ci mcp conformance --update"


class Expected(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file with the expected failures.

    Attributes:
        expected: the checks that may fail, by revision and scenario.
    """

    schema: int
    expected: dict[str, dict[str, list[str]]]


class Revision(msgspec.Struct, frozen=True):
    """The report of the suite on one revision of the protocol.

    Attributes:
        failed: the messages of the failed checks by scenario, including empty ones.
        passed: the number of passed checks.
    """

    failed: Mapping[str, Mapping[str, str]]
    passed: int


def expected_of(revisions: Mapping[str, Revision]) -> Expected:
    """The file that expects the current failures."""
    return Expected(
        schema=1,
        expected={
            name: {
                scenario: sorted(checks)
                for scenario, checks in sorted(revision.failed.items())
                if checks
            }
            for name, revision in sorted(revisions.items())
        },
    )


def read_expected(root: Path, name: str) -> Expected | None:
    """The expected failures of the repository, None if there is no such file.

    Raises:
        ConfigurationError: if the file is invalid.
    """
    expected = "the expected failures of the conformance suite"
    return read_committed(root, name, Expected, expected, UPDATE)


def judge_conformance(
    revisions: Mapping[str, Revision], before: Expected | None, name: str
) -> CheckResult:
    """Compare the suite's report with the expected failures."""
    found: list[Finding] = []
    notes: list[str] = []
    known = before.expected if before else {}
    for version, revision in revisions.items():
        expected = known.get(version, {})
        found += _new(version, revision, expected)
        found += _fixed(version, revision, expected, name)
        failed = sum(map(len, revision.failed.values()))
        notes.append(f"{version}: {revision.passed} checks passed, {failed} failed")
    return result(CHECK, found, notes)


def _new(
    version: str, revision: Revision, expected: Mapping[str, list[str]]
) -> Iterator[Finding]:
    for scenario, checks in revision.failed.items():
        known = expected.get(scenario, [])
        new = {check: why for check, why in checks.items() if check not in known}
        if new:
            reasons = [f"{check} ({clip(why)})" for check, why in new.items()]
            yield finding(
                "conformance",
                f"{version}: the scenario {scenario} failed: {name_some(reasons, 4)}",
                f"correct the server, or expect the failure: {UPDATE}",
            )


def _fixed(
    version: str, revision: Revision, expected: Mapping[str, list[str]], name: str
) -> Iterator[Finding]:
    for scenario, known in expected.items():
        failed = revision.failed.get(scenario)
        if failed is None:
            text = f"{version}: the suite has no scenario {scenario}"
            yield warning("fixed", f"{text}, which {name} names", _remove(name))
            continue
        passing = [check for check in known if check not in failed]
        if passing:
            yield warning(
                "fixed",
                f"{version}: expected failures of {scenario} no longer fail: "
                f"{name_some(passing, 5)}",
                _remove(name),
            )


def _remove(name: str) -> str:
    return f"remove them from {name}: {UPDATE}"
