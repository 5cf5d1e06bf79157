"""The page on the history of benchmarks, and its short form in Markdown."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from ci_engine.benchmarks.history import series_of
from ci_engine.findings.benchmark_history import ChangePoint, HistoryRun, Trend
from ci_engine.reports.trend_page import to_trend_markdown, to_trend_page
from tests.support.benchmark_history import NAME, a_run


class _Page(HTMLParser):
    """What a page refers to, and the texts of its plots."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]


def test_the_page_has_one_plot_for_each_benchmark_and_needs_nothing_else() -> None:
    awkward = 'tests/a.py::test_x[</svg><script>|"@you`]'
    runs = [
        HistoryRun(
            commit=f"{n:040x}",
            date="2026-01-01",
            suite="full",
            cpu="B" if n == 2 else "A",
            seconds={NAME: 1e-6 * (1 + n), awkward: 2.0},
        )
        for n in range(6)
    ]
    series = series_of(runs)
    slower = [ChangePoint(position=3, ratio=1.4, alert=True)]
    series = [
        type(each)(
            name=each.name,
            benchmark=each.benchmark,
            points=each.points,
            changes=slower if each.name == NAME else [],
        )
        for each in series
    ]
    trend = Trend(runs=len(runs), series=series)
    page = _Page()
    text = to_trend_page(trend, "demo")
    page.feed(text)
    assert page.tags.count("svg") == 2
    assert page.tags.count("circle") == 12
    assert text.count('class="time other"') == 2
    assert page.links == ["data:,"]
    # The one of every page: nothing of the history is one.
    assert page.tags.count("script") == 1
    # Whoever opens it first sees what became slower.
    assert text.index(f"<h2>{NAME}") < text.index("<h2>tests/a.py")
    markdown = to_trend_markdown(trend)
    assert "<script>" not in markdown
    rows = [row for row in markdown.splitlines() if row.startswith("| ")]
    assert [len(re.findall(r"(?<!\\)\|", row)) for row in rows] == [5, 5, 5]
    assert f'title "{NAME}"' in markdown
    assert 'y-axis "us" 0 --> ' in markdown


def test_a_history_without_runs_or_with_one_is_a_page() -> None:
    assert "0 runs" in to_trend_page(Trend(runs=0, series=[]), "demo")
    one = Trend(runs=1, series=series_of([a_run(1)]), unsearched="too few")
    assert "too few" in to_trend_page(one, "demo")
    body = to_trend_page(one, "demo").partition("<script>")[0]
    assert "NaN" not in body
    assert "nan" not in to_trend_markdown(one)
