"""Report the coverage of the tests, and compare it with the threshold."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from pathlib import Path

import msgspec

from ci_engine.checks.context import Context
from ci_engine.checks.outcomes import EarlyResultError, not_run, skipped
from ci_engine.checks.sources import FRAMEWORK_DIRECTORY
from ci_engine.checks.workspace import Tool
from ci_engine.environments import inside
from ci_engine.environments.environment import Environment
from ci_engine.findings.results import CheckResult, Finding, Status
from ci_engine.processes.child_environment import MEASURING

REPORT_NAME, XML_NAME = "coverage.json", "coverage.xml"
OUTPUT_NAME = "pytest-output.txt"
# The prefix that our plugin writes before the reason for missing coverage.
COVERAGE_NOTE = "coverage: "
_MOST_FILES = 10
_MOST_RANGES = 12


class _Totals(msgspec.Struct):
    percent_covered: float
    num_statements: int
    missing_lines: int


class CoveredFile(msgspec.Struct):
    """The coverage of one file."""

    summary: _Totals
    executed_lines: list[int]
    missing_lines: list[int]


class CoverageReport(msgspec.Struct):
    """The report of coverage."""

    files: dict[str, CoveredFile]
    totals: _Totals


def check(context: Context) -> CheckResult:
    """Check the coverage that the tests of this run reached."""
    threshold = context.settings.quality.coverage_threshold
    tests = measured_tests(context)
    if tests.status is Status.NOT_RUN:
        return not_run("the tests did not run")
    report = read_report(context)
    if report is None:
        reason = f"the tests measured no coverage: {_why_nothing(context, tests)}"
        return not_run(reason)
    if report.totals.num_statements == 0:
        reason = "coverage measured no statement: correct source in its settings"
        return not_run(reason)
    return _judge(context, report, threshold)


def measured_tests(context: Context) -> CheckResult:
    """The result of the tests; ends the check if their coverage is unusable."""
    tests = context.earlier.get("test")
    if tests is None:
        raise EarlyResultError(not_run("the tests were not part of this run"))
    reason = _why_not_measured(context, tests)
    if reason:
        raise EarlyResultError(skipped(reason))
    return tests


def read_report(context: Context) -> CoverageReport | None:
    """The coverage of this run's tests, None if nothing was measured."""
    notes = context.earlier["test"].notes if "test" in context.earlier else []
    for note in notes:
        if note.startswith(COVERAGE_NOTE):
            reason = (
                f"the tests measured no coverage: {note.removeprefix(COVERAGE_NOTE)}"
            )
            raise EarlyResultError(not_run(reason))
    path = context.reports / REPORT_NAME
    try:
        return msgspec.json.decode(path.read_bytes(), type=CoverageReport)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        reason = f"{path.name} cannot be read: {error}"
        raise EarlyResultError(not_run(reason)) from error


def _why_nothing(context: Context, tests: CheckResult) -> str:
    """Why measured tests left no report."""
    path = context.reports / OUTPUT_NAME
    text = path.read_text("utf-8", "replace") if path.is_file() else ""
    failed = re.search(r"Failed to generate report: (.+)", text)
    if failed:
        return f"{failed.group(1).strip()} Correct source and omit in its settings"
    files = sum(t.outcome == "error" and "::" not in t.id for t in tests.tests)
    if files:
        return f"pytest stopped: {files} files could not be collected"
    left = sum(test.outcome == "not-run" for test in tests.tests)
    if left:
        return f"pytest stopped: {left} tests were not run"
    advice = "add pytest-cov to their environment, or set the threshold to 0"
    return tests.reason or advice


def _why_not_measured(context: Context, tests: CheckResult) -> str:
    """Why coverage of all the code is meaningless here, empty if it is not."""
    if context.settings.quality.coverage_threshold == 0:
        return "the threshold is 0"
    if context.request.paths:
        return "only some of the tests ran"
    if context.request.partial and context.check == "coverage":
        return "only the tests that depend on what changed ran"
    if tests.status is Status.SKIPPED:
        return f"the tests were skipped: {tests.reason}"
    return ""


def round_down(percent: float) -> float:
    """Round down to two digits, so that 89.996 is never shown as 90."""
    return math.floor(percent * 100) / 100


def _judge(context: Context, report: CoverageReport, threshold: float) -> CheckResult:
    percent = report.totals.percent_covered
    shown = round_down(percent)
    result = CheckResult(coverage=shown, tool="coverage")
    floor = context.baseline.coverage if context.baseline else None
    if floor is not None and floor < threshold:
        result.notes.append(
            f"the baseline requires {floor} %, the threshold is {threshold} %"
        )
        if shown >= threshold:
            result.notes.append(
                "the threshold is reached: `--baseline write` removes the floor"
            )
        threshold = floor
    if percent >= threshold:
        return result
    result.status = Status.FAILED
    result.reason = f"{shown:.2f} % covered, {threshold} % required"
    worst = sorted(
        (item for item in report.files.items() if item[1].missing_lines),
        key=lambda item: (-len(item[1].missing_lines), item[0]),
    )
    result.findings = [
        Finding(
            tool="coverage",
            rule="coverage-threshold",
            message=_message(file, result.reason),
            path=context.project.relative(Path(name)),
            line=file.missing_lines[0],
        )
        for name, file in worst[:_MOST_FILES]
    ]
    if not result.findings:
        message = f"{result.reason}; only branches are missing"
        result.findings = [
            Finding(tool="coverage", rule="coverage-threshold", message=message)
        ]
    return result


def _message(file: CoveredFile, total: str) -> str:
    missing, statements = len(file.missing_lines), file.summary.num_statements
    return (
        f"{missing} of {statements} statements not covered: "
        f"{line_ranges(file.missing_lines)} (in all {total})"
    )


def line_ranges(lines: list[int]) -> str:
    """Write ``[1, 2, 3, 7]`` as ``1-3, 7``."""
    runs: list[list[int]] = []
    for line in sorted(lines):
        if runs and line == runs[-1][-1] + 1:
            runs[-1].append(line)
        else:
            runs.append([line])
    shown = [f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs]
    return ", ".join(shown[:_MOST_RANGES]) + (
        ", …" if len(shown) > _MOST_RANGES else ""
    )


def framework_patterns(context: Context) -> list[str]:
    """Coverage patterns for the framework's files in the repository."""
    # Coverage cannot escape these, and rejects a lone bracket: `?` is any character.
    root = re.sub(r"[\[\]*]", "?", str(context.project.root))
    return [f"{root}/{FRAMEWORK_DIRECTORY}/*", f"{root}/.{FRAMEWORK_DIRECTORY}/*"]


def is_measured(context: Context) -> bool:
    """Whether to trace the tests: this breaks some, and a disabled check needs none.

    The coverage of a part of the tests is meaningless, too.
    """
    return not context.request.paths and bool(
        context.settings.quality.coverage_threshold
    )


def pytest_cov_variables(context: Context) -> dict[str, str]:
    """The variables with which our plugin configures pytest-cov, if installed."""
    options = ["--no-cov"]
    if is_measured(context):
        reports = [f"json:{context.reports / REPORT_NAME}"]
        reports += [f"xml:{context.reports / XML_NAME}"]
        reports = reports if _writes_json(context.prepared) else []
        # The threshold is a separate check; tests are judged on their own.
        options = [f"--cov-report={each}" for each in ("", *reports)]
        options += ["--cov-fail-under=0"]
    return {
        "CI_ENGINE_COVERAGE_OPTIONS": json.dumps(options),
        "CI_ENGINE_COVERAGE_SOURCES": json.dumps(context.settings.source_paths),
        "CI_ENGINE_COVERAGE_OMIT": "\n".join(framework_patterns(context)),
    }


def _writes_json(environment: Environment) -> bool:
    """Whether the installed pytest-cov can write the JSON report."""
    version = re.match(r"(\d+)\.(\d+)", environment.version("pytest_cov"))
    return version is None or (int(version[1]), int(version[2])) >= (4, 1)


def source_paths(context: Context, environment: Environment) -> Sequence[str]:
    """The sources to measure; empty if the settings of coverage define them."""
    script = inside.DIRECTORY / "coverage_sources.py"
    command = (*environment.prefix, environment.probe.executable, str(script))
    tool = Tool("coverage", "", command, environment.variables, environment.name)
    named = context.run(tool, ()).stdout.strip() == "named"
    return () if named else context.settings.source_paths


def report_coverage(
    context: Context, environment: Environment, variables: dict[str, str]
) -> None:
    """Write the reports that pytest-cov did not write, if anything was measured."""
    modules = environment.probe.modules
    written = "pytest_cov" in modules and _writes_json(environment)
    if written or "coverage" not in modules or not is_measured(context):
        return
    script = inside.DIRECTORY / "write_coverage.py"
    command = (*environment.prefix, environment.probe.executable, str(script))
    quiet = {k: v for k, v in variables.items() if k not in MEASURING}
    tool = Tool("coverage", "", command, quiet, environment.name)
    reports = [str(context.reports / name) for name in (REPORT_NAME, XML_NAME)]
    context.run(tool, [*reports, *framework_patterns(context)])
