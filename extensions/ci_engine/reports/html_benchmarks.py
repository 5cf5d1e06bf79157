"""The benchmarks of a run as tables of HTML."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ci_engine.escaping import html_text, visible
from ci_engine.findings.benchmark_results import BenchmarkResult, Comparison
from ci_engine.findings.results import CheckResult
from ci_engine.reports.benchmark_rows import (
    describe_machine,
    describe_ratio,
    describe_seconds,
)
from ci_engine.reports.html_frame import html_table
from ci_engine.reports.metric_rows import metric_cells

_MOST_ROWS = 2_000
# The columns, and which of them are short.
_HEADS = {
    "benchmark": False,
    "verdict": True,
    "base": True,
    "head": True,
    "change (95 %)": True,
    "p": True,
    "why": False,
}
_METRIC_HEADS = {
    "benchmark": False,
    "metric": True,
    "base": True,
    "head": True,
    "change": False,
}


def benchmark_tables(checks: Iterable[CheckResult]) -> Iterator[str]:
    """Both sides of each benchmark, and what a call uses besides time."""
    for check in checks:
        if check.comparison is not None and check.comparison.benchmarks:
            yield "<h2>Benchmarks</h2>"
            yield f"<p>{html_text(describe_machine(check.comparison))}</p>"
            yield from _tables(check.comparison)


def _tables(comparison: Comparison) -> Iterator[str]:
    rows = [_row(each) for each in comparison.benchmarks[:_MOST_ROWS]]
    yield html_table(_HEADS, rows)
    hidden = len(comparison.benchmarks) - _MOST_ROWS
    if hidden > 0:
        yield f"<p>and {hidden} more in result.json</p>"
    counted = metric_cells(comparison)
    if counted:
        rows = [[html_text(text) for text in row] for row in counted]
        yield html_table(_METRIC_HEADS, rows)


def _row(each: BenchmarkResult) -> list[str]:
    values = (
        *(visible(each.name), each.verdict, describe_seconds(each.base)),
        *(describe_seconds(each.head), describe_ratio(each)),
        *("-" if each.p is None else f"{each.p:.2g}", each.reason),
    )
    return [html_text(value) for value in values]
