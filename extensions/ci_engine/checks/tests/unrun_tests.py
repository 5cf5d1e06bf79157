"""List the tests that did not run, whatever the reason."""

from __future__ import annotations

from collections.abc import Iterable

from ci_engine.checks.context import Context
from ci_engine.checks.tests.pytest_events import TestRun
from ci_engine.checks.tests.uncollected_tests import SILENT, uncollected
from ci_engine.findings.results import TestCase, headline, name_some

_MOST_NAMED = 5
# Skipped tests and expected failures are only counted; reports have the reasons.
_NAMED = ("flaky", "deselected", "not-collected", "not-run")


def tests_that_did_not_run(context: Context, run: TestRun) -> list[TestCase]:
    """The tests and test files that have no result."""
    unrun = [*run.skipped_files, *uncollected(context, run)]
    unrun += [_case(name, "deselected") for name in run.deselected]
    unrun += [_case(name, "not-run") for name in run.left]
    return unrun


def _case(name: str, outcome: str) -> TestCase:
    return TestCase(id=name, outcome=outcome, message=outcome.replace("-", " "))


def notes_on(tests: Iterable[TestCase]) -> list[str]:
    """A line for each reason why tests did not run normally."""
    notes: list[str] = []
    for outcome in _NAMED:
        cases = [test for test in tests if test.outcome == outcome]
        if cases:
            names = name_some([_named(test) for test in cases], _MOST_NAMED)
            notes.append(f"{len(cases)} {outcome.replace('-', ' ')}: {names}")
    return notes


def _named(test: TestCase) -> str:
    """The id, and the reason that the file states."""
    own = test.outcome == "not-collected" and test.message not in SILENT
    return f"{test.id} ({headline(test.message)})" if own else test.id
