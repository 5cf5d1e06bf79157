"""Find lasting changes in the history of a benchmark, using the library ruptures."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from statistics import median

import msgspec

from ci_engine.benchmarks.history import series_of
from ci_engine.configuration.performance_settings import Performance
from ci_engine.environments import inside
from ci_engine.environments.isolated_tools import isolated_tool
from ci_engine.errors import ToolError
from ci_engine.findings.benchmark_history import ChangePoint, HistoryRun, Series, Trend
from ci_engine.processes.programs import run_program
from ci_engine.project.output_files import write_text
from ci_engine.project.repository import Project

# With fewer times on one processor, there is no level before and after a change.
LEAST_POINTS = 8
# The duration of the search grows with the square of this.
_MOST_POINTS = 300
# Older changes were reported when they were new.
_RECENT = 5
_SECONDS = 300.0
# Smaller changes are within the noise of most suites.
_SHOWN = 0.5


def find_trend(
    project: Project,
    runs: Sequence[HistoryRun],
    performance: Performance,
    cancel: threading.Event,
) -> Trend:
    """Read the history of each benchmark, and find lasting changes."""
    series = series_of(runs)
    searched = [s for s in series if len(s.comparable) >= LEAST_POINTS]
    unsearched = f"no benchmark has {LEAST_POINTS} runs on the same processor yet"
    found: dict[str, list[int]] = {}
    if searched:
        try:
            breaks = _search(project, searched, cancel)
            found = {s.name: b for s, b in zip(searched, breaks, strict=True)}
            unsearched = ""
        except ToolError as error:
            unsearched = f"change points were not determined: {error}"
    with_changes = [
        msgspec.structs.replace(
            each, changes=list(changes_of(each, found.get(each.name, []), performance))
        )
        for each in series
    ]
    return Trend(runs=len(runs), series=with_changes, unsearched=unsearched)


def changes_of(
    series: Series, breaks: Sequence[int], performance: Performance
) -> Iterator[ChangePoint]:
    """The changes that are large enough to be shown.

    Args:
        series: the history of a benchmark.
        breaks: the starts of new levels, among the comparable points.
        performance: the accepted changes.
    """
    positions = series.comparable[-_MOST_POINTS:]
    times = [series.points[position].seconds for position in positions]
    threshold = performance.threshold_of(series.benchmark, "")
    levels = [median(times[a:b]) for a, b in pairwise([0, *breaks, len(times)])]
    for at, (before, after) in zip(breaks, pairwise(levels), strict=True):
        ratio = after / before
        if max(ratio, 1 / ratio) > 1 + threshold * _SHOWN:
            recent = len(times) - at <= _RECENT
            alert = recent and ratio > 1 + threshold
            yield ChangePoint(position=positions[at], ratio=ratio, alert=alert)


def _search(
    project: Project, series: Sequence[Series], cancel: threading.Event
) -> list[list[int]]:
    """Run the search in the environment of ruptures."""
    tool = isolated_tool(project, "ruptures", cancel)
    times = [
        [each.points[n].seconds for n in each.comparable[-_MOST_POINTS:]]
        for each in series
    ]
    with tempfile.TemporaryDirectory(prefix="ci-framework-trend-") as directory:
        file = Path(directory) / "series.json"
        write_text(file, msgspec.json.encode(times).decode())
        script = str(inside.DIRECTORY / "change_points.py")
        outcome = run_program(
            [tool.program("python"), "-I", script, str(file)],
            cwd=Path(directory),
            timeout=_SECONDS,
            variables=tool.variables,
            cancel=cancel,
        )
    if outcome.code != 0:
        raise ToolError(f"ruptures: {outcome.describe_exit()}: {outcome.tail(3)}")
    try:
        return msgspec.json.decode(outcome.stdout, type=list[list[int]])
    except msgspec.DecodeError as error:
        raise ToolError(f"ruptures: unexpected output: {error}") from error
