"""The benchmarks of a run as HTML tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ci_engine.escaping import html_text, visible
from ci_engine.findings.benchmark_results import BenchmarkResult, Comparison, Metric
from ci_engine.findings.results import CheckResult
from ci_engine.reports.benchmark_rows import (
    describe_machine,
    describe_ratio,
    describe_seconds,
)
from ci_engine.reports.html_frame import Cell, Column, html_table
from ci_engine.reports.metric_rows import metric_cells

_MOST_ROWS = 2_000
_NUMBERS = ("base", "head", "change (95 %)", "p")
_COLUMNS = (
    Column("benchmark"),
    Column("verdict", short=True, choices=True),
    *(Column(name, short=True, number=True) for name in _NUMBERS),
    Column("why"),
)
_METRIC_COLUMNS = (
    Column("benchmark"),
    Column("metric", short=True, choices=True),
    *(Column(name, short=True, number=True) for name in _NUMBERS[:2]),
    Column("change", number=True),
)


def benchmark_tables(checks: Iterable[CheckResult]) -> Iterator[str]:
    """Both sides of each benchmark, and other measurements of a call."""
    for check in checks:
        if check.comparison is not None and check.comparison.benchmarks:
            yield "<h2>Benchmarks</h2>"
            yield f"<p>{html_text(describe_machine(check.comparison))}</p>"
            yield from _tables(check.comparison)


def _tables(comparison: Comparison) -> Iterator[str]:
    rows = [_row(each) for each in comparison.benchmarks[:_MOST_ROWS]]
    yield html_table(_COLUMNS, rows)
    hidden = len(comparison.benchmarks) - _MOST_ROWS
    if hidden > 0:
        yield f"<p>and {hidden} more in result.json</p>"
    counted = metric_cells(comparison)
    if counted:
        metrics = [metric for each in comparison.benchmarks for metric in each.metrics]
        rows = [
            _metric_row(cells, metric)
            for cells, metric in zip(counted, metrics, strict=False)
        ]
        yield html_table(_METRIC_COLUMNS, rows)


def _row(each: BenchmarkResult) -> list[str | Cell]:
    p = "-" if each.p is None else f"{each.p:.2g}"
    return [
        html_text(visible(each.name)),
        html_text(each.verdict),
        Cell(html_text(describe_seconds(each.base)), each.base),
        Cell(html_text(describe_seconds(each.head)), each.head),
        Cell(html_text(describe_ratio(each)), each.ratio),
        Cell(html_text(p), each.p),
        html_text(each.reason),
    ]


def _metric_row(cells: Iterable[str], metric: Metric) -> list[str | Cell]:
    name, kind, base, head, change = map(html_text, cells)
    return [
        *(name, kind, Cell(base, metric.base), Cell(head, metric.head)),
        Cell(change, metric.ratio),
    ]
