"""Issues in Python code: the adapter of the gate's check ``security``."""

from __future__ import annotations

from msgspec.structs import replace

from ci_engine.checks.lint.bandit import (
    NOSEC,
    BanditScan,
    newest_interpreter,
    run_bandit,
)
from ci_engine.checks.outcomes import not_run, skipped
from ci_engine.checks.sources import is_below
from ci_engine.findings.hidden import hidden_notes
from ci_engine.findings.results import CheckResult, Finding, Status
from ci_engine.findings.severity import SCORES
from ci_engine.scanning.files import named, nothing_to_do
from ci_engine.scanning.notebooks import Notebooks, extracted
from ci_engine.scanning.python_code import has_python_name, is_notebook
from ci_engine.scanning.scanner import Scan, list_unread

# By default it excludes some directories, even for files that are given.
_OPTIONS = ("--exclude", "")


def run(scan: Scan) -> CheckResult:
    """Search Python code that is not a test with bandit and our configuration only."""
    files = scan.files
    unread = files.unread_code()
    given = len(files.code) + len(files.notebooks) + len(unread)
    if not given:
        return _nothing(scan)
    with extracted(scan.project, files.notebooks) as notebooks:
        result = _search(scan, notebooks, unread)
    result.notes += [*notebooks.notes(), *_about_tests(scan)]
    return result


def _search(scan: Scan, notebooks: Notebooks, unread: dict[str, str]) -> CheckResult:
    files = scan.files
    given = len(files.code) + len(files.notebooks) + len(unread)
    code = [*files.code, *notebooks.code]
    found = BanditScan(CheckResult())
    if code:
        tool = scan.locked_tool("bandit", interpreter=newest_interpreter(scan))
        found = run_bandit(scan, tool, _OPTIONS, code, scan.timeout)
    result = found.result
    result.findings = [
        _rated(scan, notebooks.relocate(finding)) for finding in result.findings
    ]
    if result.status in (Status.NOT_RUN, Status.TIMED_OUT) and not found.unread:
        return result
    read = {*found.scanned, *found.unread}
    failed = dict.fromkeys((n for n in code if n not in read), "bandit did not read it")
    failed |= found.unread
    left_out = unread | notebooks.unread
    left_out |= {notebooks.original(name): why for name, why in failed.items()}
    count = f"{given - len(left_out)} of {given} files parsed"
    list_unread(scan, result, count, left_out)
    hidden = [notebooks.relocate(finding) for finding in found.hidden]
    result.notes += hidden_notes(hidden, NOSEC)
    return result


def _nothing(scan: Scan) -> CheckResult:
    """The result if there is no code to search."""
    settings = scan.settings
    sources = [n for n in scan.files.tests if is_below(n, settings.source_paths)]
    outside = [n for n in sources if settings.source_paths != ["."]]
    if outside:
        paths = ", ".join(settings.test_paths)
        text = f"nothing was examined: all code is in test-paths ({paths})"
        return not_run(f"{text}: {named(outside)}")
    if scan.files.tests:
        return skipped("there is no Python code except tests", _about_tests(scan))
    code = [n for n in scan.files.excluded if has_python_name(n) or is_notebook(n)]
    return nothing_to_do("there is no Python code", code)


def _about_tests(scan: Scan) -> list[str]:
    """Name the files that are skipped because the settings declare them as tests."""
    tests = scan.files.tests
    paths = ", ".join(scan.settings.test_paths)
    noun = "test file is" if len(tests) == 1 else "test files are"
    text = f"{len(tests)} {noun} not searched (test-paths: {paths}): {named(tests)}"
    return [text] if tests else []


def _rated(scan: Scan, finding: Finding) -> Finding:
    """A finding with the severity and the confidence of its rule."""
    score, confidence = finding.score or 0.0, finding.confidence
    if finding.rule in scan.profiles.bandit_high:
        score = max(score, SCORES["high"])
    if finding.rule in scan.profiles.bandit_sure:
        confidence = "high"
    return replace(finding, score=score, confidence=confidence)
