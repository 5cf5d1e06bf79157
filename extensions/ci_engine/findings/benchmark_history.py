"""The data in the history of benchmarks, and the trends in it."""

from __future__ import annotations

import msgspec


class HistoryRun(msgspec.Struct, frozen=True, kw_only=True):
    """One run: one line of the history.

    Attributes:
        commit: the measured commit.
        date: the date of that commit, as in 2026-01-31T12:00:00+00:00.
        suite: quick or full.
        cpu: the processor model, because times depend on it.
        package: the package of a monorepo, else empty.
        seconds: the time of each benchmark.
    """

    schema: int = 1
    commit: str
    date: str
    suite: str
    cpu: str
    package: str = ""
    seconds: dict[str, float]

    @property
    def identity(self) -> tuple[str, ...]:
        """The key of a run; a repeated run has the same one."""
        return self.commit, self.suite, self.cpu, self.package


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One time of a benchmark."""

    commit: str
    date: str
    cpu: str
    seconds: float


class ChangePoint(msgspec.Struct, frozen=True, kw_only=True):
    """The run at which the time of a benchmark changed.

    Attributes:
        position: the first point with the new time, among those of the series.
        ratio: the median time from there on, divided by that before.
        alert: whether to report it: recent, and slower by more than the threshold.
    """

    position: int
    ratio: float
    alert: bool = False


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """The history of one benchmark.

    Attributes:
        name: its package, if it has one, and its name, for display.
        benchmark: its name in pytest.
        points: its times, in the order in which they were added.
        changes: lasting changes of its time.
    """

    name: str
    benchmark: str
    points: list[Point]
    changes: list[ChangePoint] = msgspec.field(default_factory=list[ChangePoint])

    @property
    def comparable(self) -> list[int]:
        """The points measured on the same processor as the last one."""
        last = self.points[-1].cpu
        return [n for n, point in enumerate(self.points) if point.cpu == last]


class Trend(msgspec.Struct, frozen=True, kw_only=True):
    """The trends in the history.

    Attributes:
        runs: the number of runs.
        series: one for each benchmark in the last run of its package.
        unsearched: why change points were not searched, empty if they were.
    """

    runs: int
    series: list[Series]
    unsearched: str = ""
