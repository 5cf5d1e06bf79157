"""The performance section of the summary: durations and slower benchmarks."""

from __future__ import annotations

from collections.abc import Iterator

from ci_engine.escaping import cell, markdown_text
from ci_engine.findings.benchmark_results import BenchmarkResult
from ci_engine.findings.results import CheckResult
from ci_engine.reports.benchmark_rows import (
    describe_machine,
    describe_ratio,
    describe_seconds,
)
from ci_engine.reports.gathered import MatrixJob
from ci_engine.reports.wording import mark, outcome_line

_MOST_SLOW = 5
_MOST_BENCHMARKS = 20
_SLOW_SECONDS = 0.1
_OF_BENCHMARKS = ("benchmarks", "benchmark-history")


def performance_section(matrix_jobs: list[MatrixJob]) -> list[str]:
    """Write the slowest checks and tests, and the benchmarks of each run."""
    checks = [
        (check.seconds, f"{job.name}: {check.id}")
        for job in matrix_jobs
        for check in job.result.checks
    ]
    tests = [
        (test.seconds, f"{job.name}: {test.id}")
        for job in matrix_jobs
        for check in job.result.checks
        # The time of a benchmark is its result, not its duration.
        for test in check.tests
        if test.seconds >= _SLOW_SECONDS and check.id not in _OF_BENCHMARKS
    ]
    slowest = sorted(checks, reverse=True)[:_MOST_SLOW]
    slowest += sorted(tests, reverse=True)[:_MOST_SLOW]
    if not slowest:
        return []
    rows = [f"| {cell(what)} | {seconds:.1f} |" for seconds, what in slowest]
    head = ["| slowest checks and tests | seconds |", "|---|---:|"]
    return ["### Performance", "", *head, *rows, *_benchmarks(matrix_jobs), ""]


def _benchmarks(matrix_jobs: list[MatrixJob]) -> Iterator[str]:
    for job in matrix_jobs:
        for check in job.result.checks:
            if check.id in _OF_BENCHMARKS:
                yield ""
                text = cell(f"{mark(check)}: {outcome_line(check)}".rstrip(": "))
                yield f"**{cell(job.name)}: {cell(check.id)}** {text}"
                yield from _compared(check)


def _compared(check: CheckResult) -> Iterator[str]:
    """Changed benchmarks come first; the report of the run has the rest."""
    found = check.comparison
    if found is not None and found.benchmarks:
        yield ""
        yield "| benchmark | verdict | base | head | change (95 %) |"
        yield "|---|---|---:|---:|---:|"
        yield from map(_row, found.benchmarks[:_MOST_BENCHMARKS])
        hidden = len(found.benchmarks) - _MOST_BENCHMARKS
        if hidden > 0:
            yield f"\nand {hidden} more in the report of the run"
        yield f"\n{markdown_text(describe_machine(found))}"
    for note in check.notes:
        yield f"\n{markdown_text(note)}"


def _row(each: BenchmarkResult) -> str:
    times = f"{describe_seconds(each.base)} | {describe_seconds(each.head)}"
    name, verdict = cell(each.name), cell(each.verdict)
    return f"| {name} | {verdict} | {times} | {describe_ratio(each)} |"
