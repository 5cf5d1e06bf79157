"""Name the tests that did not run: whatever left them out, a reader must see it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from pathlib import PurePosixPath

from ci_engine.checks.context import Context
from ci_engine.checks.sources import is_below, is_framework_file
from ci_engine.checks.tests.pytest_events import TestRun
from ci_engine.findings.results import TestCase, headline, name_some

_MOST_NAMED = 5
# Skipped and expected failures are counted; why is in the reports.
_NAMED = ("flaky", "deselected", "not-collected", "not-run")
_OUTSIDE = "pytest did not look into this file"


def tests_that_did_not_run(context: Context, run: TestRun) -> list[TestCase]:
    """The tests and files of tests that are in no result of a test."""
    unrun = [*run.skipped_files, *_files_not_collected(context, run)]
    unrun += [_case(name, "deselected") for name in run.deselected]
    unrun += [_case(name, "not-run") for name in run.left]
    return unrun


def _case(name: str, outcome: str) -> TestCase:
    return TestCase(id=name, outcome=outcome, message=outcome.replace("-", " "))


def _files_not_collected(context: Context, run: TestRun) -> Iterator[TestCase]:
    """Files that are named like tests, where pytest never looked."""
    request, project = context.request, context.project
    if request.paths or request.partial or not run.files:
        return
    seen = {os.path.realpath(path) for path in run.files}
    for path in project.files:
        name = project.relative(path)
        patterns = run.patterns if path.suffix == ".py" else ()
        ours = is_framework_file(name) or is_below(name, request.inner)
        if ours or not any(_matches(name, pattern) for pattern in patterns):
            continue
        if os.path.realpath(path) not in seen:
            message = _OUTSIDE
            yield TestCase(id=name, outcome="not-collected", path=name, message=message)


def _matches(name: str, pattern: str) -> bool:
    """Whether pytest takes a file for one of tests."""
    return fnmatch(name if "/" in pattern else PurePosixPath(name).name, pattern)


def notes_on(tests: Iterable[TestCase]) -> list[str]:
    """A line for each way in which tests did not simply run."""
    notes: list[str] = []
    for outcome in _NAMED:
        cases = [test for test in tests if test.outcome == outcome]
        if cases:
            names = name_some([_named(test) for test in cases], _MOST_NAMED)
            notes.append(f"{len(cases)} {outcome.replace('-', ' ')}: {names}")
    return notes


def _named(test: TestCase) -> str:
    """The id, and the reason that a file gives for itself."""
    own = test.outcome == "not-collected" and test.message != _OUTSIDE
    return f"{test.id} ({headline(test.message)})" if own else test.id
