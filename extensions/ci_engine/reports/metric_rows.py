"""Other measurements of benchmarks besides time, as rows of text."""

from __future__ import annotations

from collections.abc import Iterator

from ci_engine.escaping import cell, visible
from ci_engine.findings.benchmark_results import Comparison, Metric

_MOST_ROWS = 200
_HEADS = ("benchmark", "metric", "base", "head", "change")


def describe_count(metric: Metric, value: float | None) -> str:
    """A count with its unit; a dash if there is none."""
    if value is None:
        return "-"
    if metric.name != "peak-memory":
        return f"{value:,.0f}"
    return (
        f"{value / 1024:,.1f} KiB" if value < 1024**2 else f"{value / 1024**2:,.1f} MiB"
    )


def metric_cells(comparison: Comparison | None) -> list[tuple[str, ...]]:
    """Benchmark, metric, base, head and change of every measurement."""
    found: list[tuple[str, ...]] = []
    for each in comparison.benchmarks if comparison else ():
        for metric in each.metrics:
            ratio = metric.ratio
            change = "-" if ratio is None else f"{ratio - 1:+.1%}"
            if metric.grown:
                change += f", accepted: {metric.threshold:.0%}"
            base = describe_count(metric, metric.base)
            head = describe_count(metric, metric.head)
            found.append((visible(each.name), metric.name, base, head, change))
    return found[:_MOST_ROWS]


def console_metric_rows(comparison: Comparison | None) -> Iterator[str]:
    """A table for a terminal; empty if nothing was counted."""
    rows = metric_cells(comparison)
    if rows:
        yield ""
        for name, metric, base, head, change in [_HEADS, *rows]:
            yield f"{metric:<13}{base:>14}{head:>14}  {change:<24}{name}"


def markdown_metric_rows(comparison: Comparison | None) -> Iterator[str]:
    """A table for a job summary; empty if nothing was counted."""
    rows = metric_cells(comparison)
    if rows:
        yield ""
        yield f"| {' | '.join(_HEADS)} |"
        yield "|---|---|---:|---:|---|"
        for row in rows:
            yield f"| {' | '.join(cell(value) for value in row)} |"
