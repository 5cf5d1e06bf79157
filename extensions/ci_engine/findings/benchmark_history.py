"""What the history of benchmarks holds, and what is read from it."""

from __future__ import annotations

import msgspec


class HistoryRun(msgspec.Struct, frozen=True, kw_only=True):
    """One run: one line of the history.

    Attributes:
        commit: what was measured.
        date: when that commit was made, as in 2026-01-31T12:00:00+00:00.
        suite: quick or full.
        cpu: the model of the processor: another one has other times.
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
        """What a run that is repeated has in common with the one before."""
        return self.commit, self.suite, self.cpu, self.package


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One time of a benchmark."""

    commit: str
    date: str
    cpu: str
    seconds: float


class ChangePoint(msgspec.Struct, frozen=True, kw_only=True):
    """A run from which on a benchmark takes another time.

    Attributes:
        position: the first point with the new time, among those of the series.
        ratio: the median time from there on, divided by that before.
        alert: whether it is news: recent, and slower by more than the threshold.
    """

    position: int
    ratio: float
    alert: bool = False


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """The history of one benchmark.

    Attributes:
        name: its package, if it has one, and its name, for a reader.
        benchmark: its name alone, as pytest has it.
        points: in the order in which they were added.
        changes: where its time changed for good.
    """

    name: str
    benchmark: str
    points: list[Point]
    changes: list[ChangePoint] = msgspec.field(default_factory=list[ChangePoint])

    @property
    def comparable(self) -> list[int]:
        """The points that the processor of the last one measured."""
        last = self.points[-1].cpu
        return [n for n, point in enumerate(self.points) if point.cpu == last]


class Trend(msgspec.Struct, frozen=True, kw_only=True):
    """All of the history.

    Attributes:
        runs: how many there are.
        series: one for each benchmark that the last run of its package has.
        unsearched: why change points were not looked for, empty if they were.
    """

    runs: int
    series: list[Series]
    unsearched: str = ""
