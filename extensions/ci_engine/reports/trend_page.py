"""The history of benchmarks as an HTML page, and as a Markdown summary."""

from __future__ import annotations

import json
from collections.abc import Iterator

from ci_engine.escaping import cell, html_text, markdown_text, visible
from ci_engine.findings.benchmark_history import Series, Trend
from ci_engine.reports.benchmark_rows import describe_seconds
from ci_engine.reports.html_frame import Cell, Column, html_page, html_table
from ci_engine.reports.trend_plot import describe_changes, to_plot

_MOST_PLOTS = 500
_MOST_ROWS = 100
# GitHub draws charts with more points unreadably narrow.
_MOST_POINTS = 40


def to_trend_page(trend: Trend, project: str) -> str:
    """A plot for each benchmark, those with alerts first."""
    series = _newest_first(trend)
    title = f"{project}: history of the benchmarks"
    hidden = len(series) - _MOST_PLOTS
    return html_page(
        title,
        [
            f"<h1>{html_text(title)}</h1>",
            f"<p>{html_text(describe_trend(trend))}</p>",
            *([f"<p>{html_text(trend.unsearched)}</p>"] if trend.unsearched else []),
            "<p>Hollow points were measured on another processor than the last one, "
            "and cannot be compared with it.</p>",
            html_table(
                (
                    Column("benchmark"),
                    Column("last", short=True, number=True),
                    Column("runs", short=True, number=True),
                    Column("changes"),
                ),
                map(_cells, series),
            ),
            *(_figure(each) for each in series[:_MOST_PLOTS]),
            *([f"<p>and {hidden} more in trend.json</p>"] if hidden > 0 else []),
        ],
    )


def _cells(series: Series) -> list[str | Cell]:
    last, runs = series.points[-1].seconds, len(series.points)
    return [
        html_text(visible(series.name)),
        Cell(html_text(describe_seconds(last)), last),
        Cell(str(runs), runs),
        html_text(describe_changes(series)),
    ]


def _figure(series: Series) -> str:
    name = html_text(visible(series.name))
    return f"<h2>{name}</h2>\n<figure>{to_plot(series)}</figure>"


def _newest_first(trend: Trend) -> list[Series]:
    """Alerts first, then the latest changes, then the rest."""
    return sorted(
        trend.series,
        key=lambda each: (
            not any(change.alert for change in each.changes),
            -max((change.position for change in each.changes), default=-1),
        ),
    )


def describe_trend(trend: Trend) -> str:
    """The number of runs, benchmarks and lasting changes."""
    changed = sum(bool(each.changes) for each in trend.series)
    noun = "benchmark" if len(trend.series) == 1 else "benchmarks"
    runs = "1 run" if trend.runs == 1 else f"{trend.runs} runs"
    return f"{runs}, {len(trend.series)} {noun}, {changed} with a lasting change"


def to_trend_markdown(trend: Trend) -> str:
    """A table, and a chart of the benchmark with the latest change."""
    series = _newest_first(trend)
    lines = ["### History of the benchmarks", "", markdown_text(describe_trend(trend))]
    lines += ["", markdown_text(trend.unsearched)] if trend.unsearched else []
    if series:
        lines += ["", "| benchmark | last | runs | changes |", "|---|---:|---:|---|"]
        lines += map(_row, series[:_MOST_ROWS])
        hidden = len(series) - _MOST_ROWS
        lines += [f"\nand {hidden} more in trend.json"] if hidden > 0 else []
        lines += ["", *_chart(series[0])]
    return "\n".join(lines) + "\n\n"


def _row(series: Series) -> str:
    values = (
        *(visible(series.name), describe_seconds(series.points[-1].seconds)),
        *(str(len(series.points)), describe_changes(series)),
    )
    return f"| {' | '.join(map(cell, values))} |"


def _chart(series: Series) -> Iterator[str]:
    """A chart that GitHub draws; its quoted text must not contain quotes."""
    points = [series.points[n] for n in series.comparable][-_MOST_POINTS:]
    largest = max(point.seconds for point in points)
    units = ((1.0, "s"), (1e-3, "ms"), (1e-6, "us"))
    scale, unit = next((u for u in units if largest >= u[0]), (1e-9, "ns"))
    times = [float(f"{point.seconds / scale:.4g}") for point in points]
    plain = "".join(
        c if c.isalnum() or c in " _-.,:/()[]=" else "?" for c in series.name
    )
    yield "```mermaid"
    yield "xychart-beta"
    yield f"    title {json.dumps(plain[:80], ensure_ascii=False)}"
    yield f"    x-axis {json.dumps([point.commit[:7] for point in points])}"
    yield f'    y-axis "{unit}" 0 --> {max(times) * 1.1:.4g}'
    yield f"    line {json.dumps(times)}"
    yield "```"
