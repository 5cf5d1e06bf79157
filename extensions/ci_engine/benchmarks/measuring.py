"""Measure both sides alternately until all is decided or the time is over."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from ci_engine.benchmarks.decision import Sample
from ci_engine.benchmarks.sides import ProcessResult, Side
from ci_engine.configuration.performance_settings import (
    LEAST_PROCESSES,
    Performance,
    SuiteBudget,
)
from ci_engine.findings.results import TestCase
from ci_engine.processes.activity import activity


@dataclass
class Times:
    """The times of several processes of one side.

    Attributes:
        seconds: the times of each benchmark, in the order of the processes.
        processes: the number of processes.
    """

    seconds: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    processes: int = 0


@dataclass
class Pass:
    """Processes of both sides that ran alternately."""

    base: Times = field(default_factory=Times)
    head: Times = field(default_factory=Times)

    def sample(self, name: str) -> Sample | None:
        """The times of a benchmark, None if there are too few on a side."""
        base = self.base.seconds.get(name, [])
        head = self.head.seconds.get(name, [])
        enough = min(len(base), len(head)) >= LEAST_PROCESSES
        return Sample(base, head) if enough else None

    @property
    def names(self) -> list[str]:
        """The benchmarks that both sides have."""
        return [name for name in self.head.seconds if name in self.base.seconds]


@dataclass
class Measurements:
    """All measurements of a run.

    Attributes:
        first: the processes for the first decision.
        again: fresh processes for benchmarks that seem to have changed.
        groups: the group of each benchmark.
        failed: benchmarks that failed, by the name of the side and their own.
        problems: why a process did not finish, by the name of its side.
        output: the last output of a process with a failure or without benchmarks.
        out_of_time: whether the budget ended before everything was decided.
    """

    first: Pass = field(default_factory=Pass)
    again: Pass = field(default_factory=Pass)
    groups: dict[str, str] = field(default_factory=dict[str, str])
    failed: dict[str, dict[str, TestCase]] = field(
        default_factory=lambda: {"base": {}, "head": {}}
    )
    problems: dict[str, ProcessResult] = field(default_factory=dict[str, ProcessResult])
    output: dict[str, str] = field(default_factory=dict[str, str])
    out_of_time: bool = False


class Runner(Protocol):
    """Runs a process of a side, for any kind of suite."""

    @property
    def budget(self) -> SuiteBudget:
        """The budget of the suite."""
        ...

    def run(self, side: Side, only: Collection[str] = ()) -> ProcessResult:
        """Run all benchmarks of a side once, or some of them."""
        ...


class Measuring:
    """Runs processes in the order base, head, head, base."""

    def __init__(
        self,
        runner: Runner,
        performance: Performance,
        base: Side | None,
        head: Side,
    ) -> None:
        self.runner = runner
        self.performance = performance
        self.base = base
        self.head = head
        self.started = time.monotonic()
        self.found = Measurements()

    def measure(self) -> Measurements:
        """Measure, and confirm apparent changes."""
        found = self.found
        # Half of the time is reserved for fresh processes.
        share = 0.5 if self.base else 1.0
        for only in self._steps(found.first, share):
            self._pair(found.first, only)
            if found.problems or not (found.first.head.seconds or found.failed["head"]):
                return found
        changed = [n for n in found.first.names if self._is_changed(n)]
        if changed:
            for only in self._steps(found.again, 1.0, changed):
                self._pair(found.again, only)
                if found.problems:
                    break
        return found

    def _steps(
        self, measured: Pass, share: float, only: Collection[str] = ()
    ) -> Iterator[Collection[str]]:
        """The benchmarks that each further process of a pass runs; empty = all."""
        budget = self.runner.budget
        for number in range(budget.processes):
            if number >= budget.first_processes:
                only = [n for n in measured.names if not self._is_clear(measured, n)]
                if not only:
                    return
            if time.monotonic() - self.started > budget.budget_seconds * share:
                self.found.out_of_time = True
                return
            yield only

    def _is_clear(self, measured: Pass, name: str) -> bool:
        sample = measured.sample(name)
        return sample is None or sample.is_clearly_unchanged(self._threshold(name))

    def _is_changed(self, name: str) -> bool:
        sample = self.found.first.sample(name)
        return sample is not None and sample.changed(self._threshold(name)) != 0

    def _threshold(self, name: str) -> float:
        return self.performance.threshold_of(name, self.found.groups.get(name, ""))

    def _pair(self, measured: Pass, only: Collection[str]) -> None:
        """Run one process of each side; every second time the head comes first."""
        sides = [(self.base, measured.base), (self.head, measured.head)]
        if measured.head.processes % 2:
            sides.reverse()
        for side, times in sides:
            if side is not None:
                self._process(side, times, only)

    def _process(self, side: Side, times: Times, only: Collection[str]) -> None:
        times.processes += 1
        with activity(f"benchmarks of the {side.name}, process {times.processes}"):
            result = self.runner.run(side, only)
        for name, measured in result.times.items():
            times.seconds.setdefault(name, []).append(measured.seconds)
            self.found.groups.setdefault(name, measured.group)
        for test in result.failed:
            self.found.failed[side.name].setdefault(test.id, test)
        if result.output:
            self.found.output.setdefault(side.name, result.output)
        if result.problem:
            self.found.problems.setdefault(side.name, result)
