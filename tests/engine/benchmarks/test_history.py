"""The history of benchmarks: its content, and lasting changes."""

from __future__ import annotations

import pytest

from ci_engine.benchmarks.change_points import changes_of
from ci_engine.benchmarks.history import add_runs, read_history, series_of
from ci_engine.configuration.defaults import read_defaults
from ci_engine.errors import ToolError
from ci_engine.findings.benchmark_history import HistoryRun
from tests.support.benchmark_history import NAME, a_run, text_of


def test_a_run_that_is_repeated_replaces_itself() -> None:
    text = text_of(a_run(1), a_run(2))
    runs = read_history(add_runs(text, [a_run(1, 3.0)], "history"), "history")
    assert [(run.commit[11], run.seconds[NAME]) for run in runs] == [("2", 1), ("1", 3)]
    other = add_runs(text, [a_run(1, cpu="B"), a_run(1, package="p")], "history")
    assert len(read_history(other, "history")) == 4


def test_a_broken_history_is_never_guessed() -> None:
    with pytest.raises(ToolError, match=r"^history:2: unexpected content"):
        add_runs(text_of(a_run(1)) + "{}\n", [a_run(2)], "history")


def test_benchmarks_that_are_gone_are_not_shown() -> None:
    gone = HistoryRun(
        commit="0" * 40, date="2025", suite="full", cpu="A", seconds={"gone": 1.0}
    )
    (series,) = series_of([gone, a_run(1), a_run(2, cpu="B"), a_run(3)])
    assert (series.name, len(series.points), series.comparable) == (NAME, 3, [0, 2])
    packages = series_of([a_run(1, package="one"), a_run(2, package="two")])
    assert [each.name for each in packages] == [f"one: {NAME}", f"two: {NAME}"]


@pytest.mark.parametrize(
    ("times", "breaks", "changes"),
    [
        ([1.0] * 7 + [1.3] * 3, [7], [(8, 1.3, True)]),
        # Reported when it was new.
        ([1.0] * 4 + [1.3] * 6, [4], [(5, 1.3, False)]),
        # Faster, or slower within the threshold of 10 %: no alert.
        ([1.0] * 7 + [0.7] * 3, [7], [(8, 0.7, False)]),
        ([1.0] * 7 + [1.08] * 3, [7], [(8, 1.08, False)]),
        # Hardly different.
        ([1.0] * 7 + [1.03] * 3, [7], []),
        (
            [1.0] * 4 + [2.0] * 3 + [1.0] * 3,
            [4, 7],
            [(5, 2.0, False), (8, 0.5, False)],
        ),
    ],
)
def test_recent_slowdowns_alert_once_they_lasted(
    times: list[float], breaks: list[int], changes: list[tuple[int, float, bool]]
) -> None:
    runs = [a_run(number, seconds) for number, seconds in enumerate(times)]
    # One run on another processor: breaks count comparable points only.
    (series,) = series_of([*runs[:2], a_run(99, 9.0, cpu="B"), *runs[2:]])
    found = changes_of(series, breaks, read_defaults().performance.defaults)
    assert [(c.position, pytest.approx(c.ratio), c.alert) for c in found] == changes
