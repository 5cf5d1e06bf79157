"""Compare the coverage that the tests reached with the threshold."""

from __future__ import annotations

import math
from pathlib import Path

import msgspec

from ci_engine.checks.context import Context
from ci_engine.checks.outcomes import not_run, skipped
from ci_engine.findings.results import CheckResult, Finding, Status

__all__ = ["REPORT_NAME", "check", "line_ranges", "round_down", "why_not_measured"]

REPORT_NAME = "coverage.json"
_MOST_FILES = 10
_MOST_RANGES = 12


class _Totals(msgspec.Struct):
    percent_covered: float
    num_statements: int
    missing_lines: int


class _File(msgspec.Struct):
    summary: _Totals
    missing_lines: list[int]


class _Report(msgspec.Struct):
    files: dict[str, _File]
    totals: _Totals


def check(context: Context) -> CheckResult:
    """Judge the report that the tests of this very run left."""
    threshold = context.settings.quality.coverage_threshold
    tests = context.earlier.get("test")
    if tests is None:
        return not_run("the tests were not part of this run")
    reason = why_not_measured(context, tests)
    if reason:
        return skipped(reason)
    if tests.status is Status.NOT_RUN:
        return not_run("the tests did not run")
    path = context.reports / REPORT_NAME
    if not path.is_file():
        advice = "add pytest-cov to their environment, or set the threshold to 0"
        reason = f"the tests measured no coverage: {tests.reason or advice}"
        return not_run(reason)
    try:
        report = msgspec.json.decode(path.read_bytes(), type=_Report)
    except msgspec.DecodeError as error:
        return not_run(f"{path.name} cannot be read: {error}")
    if report.totals.num_statements == 0:
        reason = "coverage measured no statement: correct source in its settings"
        return not_run(reason)
    return _judge(context, report, threshold)


def why_not_measured(context: Context, tests: CheckResult) -> str:
    """Why coverage of all the code says nothing here, empty if it does."""
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
    """Two digits, rounded down, so that 89.996 is never shown as 90."""
    return math.floor(percent * 100) / 100


def _judge(context: Context, report: _Report, threshold: float) -> CheckResult:
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


def _message(file: _File, total: str) -> str:
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
