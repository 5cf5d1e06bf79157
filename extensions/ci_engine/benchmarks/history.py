"""The history of benchmarks as text: JSON Lines, one run per line, in order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from ci_engine.errors import ToolError
from ci_engine.findings.benchmark_history import HistoryRun, Point, Series
from ci_engine.findings.results import RunResult

FILE = "benchmarks.jsonl"


def runs_of(results: Iterable[RunResult], dates: dict[str, str]) -> list[HistoryRun]:
    """The parts of results for the history, without uncommitted changes.

    Args:
        results: results of ``ci bench``.
        dates: the date of each commit.
    """
    return [
        HistoryRun(
            commit=found.head,
            date=dates[found.head],
            suite=found.suite,
            cpu=found.cpu,
            package=result.package,
            seconds={b.name: b.head for b in found.benchmarks if b.head is not None},
        )
        for result in results
        for check in result.checks
        if (found := check.comparison) is not None
        and found.head in dates
        and not found.uncommitted
        and any(b.head is not None for b in found.benchmarks)
    ]


def read_history(text: str, origin: str) -> list[HistoryRun]:
    """Read a history.

    Raises:
        ToolError: if a line is invalid: a history is never guessed.
    """
    runs: list[HistoryRun] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            runs.append(msgspec.json.decode(line, type=HistoryRun))
        except msgspec.DecodeError as error:
            raise ToolError(
                f"{origin}:{number}: unexpected content: {error}",
                hint="restore the line from the history of git, or remove it",
            ) from error
    return runs


def add_runs(text: str, runs: Sequence[HistoryRun], origin: str) -> str:
    """Append runs; a repeated run replaces the earlier one."""
    repeated = {run.identity for run in runs}
    kept = [run for run in read_history(text, origin) if run.identity not in repeated]
    every = [*kept, *runs]
    return "".join(f"{msgspec.json.encode(run).decode()}\n" for run in every)


def series_of(runs: Sequence[HistoryRun]) -> list[Series]:
    """The history of each benchmark in the last run of its package and suite."""
    last = {(run.package, run.suite): run for run in runs}
    points: dict[tuple[str, str, str], list[Point]] = {}
    for run in runs:
        for name, seconds in run.seconds.items():
            if name in last[run.package, run.suite].seconds:
                point = Point(
                    commit=run.commit, date=run.date, cpu=run.cpu, seconds=seconds
                )
                points.setdefault((run.package, name, run.suite), []).append(point)
    return [
        Series(
            name=": ".join(filter(None, (package, name)))
            + (f" ({suite} suite)" if len({s for _, s in last}) > 1 else ""),
            benchmark=name,
            points=found,
        )
        for (package, name, suite), found in sorted(points.items())
    ]
