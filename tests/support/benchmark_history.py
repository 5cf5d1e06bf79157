"""Runs of a history of benchmarks whose times are made up."""

from __future__ import annotations

from ci_engine.benchmarks.history import add_runs
from ci_engine.findings.benchmark_history import HistoryRun

NAME = "benchmarks/test_times.py::test_one"


def commit_of(number: int) -> str:
    return f"{number:012x}".ljust(40, "0")


def a_run(
    number: int,
    seconds: float = 1.0,
    *,
    cpu: str = "A",
    suite: str = "full",
    package: str = "",
) -> HistoryRun:
    return HistoryRun(
        commit=commit_of(number),
        date=f"2026-01-{number % 28 + 1:02}T00:00:00+00:00",
        seconds={NAME: seconds},
        cpu=cpu,
        suite=suite,
        package=package,
    )


def text_of(*runs: HistoryRun) -> str:
    return add_runs("", runs, "history")
