"""How ``ci bench`` measures and judges: ``configs/performance-thresholds.yaml``."""

from __future__ import annotations

import re
from typing import Annotated, Literal

import msgspec

from ci_engine.configuration.load_settings import NO_LOAD, LoadTest
from ci_engine.configuration.value_types import (
    Count,
    Seconds,
    Share,
    StrictTable,
    Text,
)

SuiteName = Literal["quick", "full", "load"]
# Fewer say nothing about how much the times vary.
LEAST_PROCESSES = 3
# What locust may take to start, and to end.
_LOCUST_SECONDS = 60.0
Processes = Annotated[int, msgspec.Meta(ge=LEAST_PROCESSES)]
Rounds = Annotated[int, msgspec.Meta(ge=1)]


class SuiteBudget(StrictTable, frozen=True):
    """How much one suite may cost.

    Attributes:
        first_processes: processes of each side before the first decisions.
        processes: maximum processes of each side; as many again confirm a change.
        benchmark_seconds: how long a process measures one benchmark, where the
            benchmark does not say it itself.
        rounds: minimum rounds of one benchmark in one process.
        process_seconds: seconds after which a process is killed.
        budget_seconds: seconds after which no further process is started.
        counting_processes: processes of each side that count memory and instructions;
            0 = these are not measured.
    """

    first_processes: Processes
    processes: Processes
    benchmark_seconds: Seconds
    rounds: Rounds
    process_seconds: Seconds
    budget_seconds: Seconds
    counting_processes: Count


class PerformanceAnswers(StrictTable, frozen=True):
    """What the framework's block sets, in a table that the project does not write.

    Attributes:
        benchmark_suite: the answer benchmark_suite; performance.benchmark-suite counts
            first.
        regression_threshold: the answer regression_threshold;
            performance.regression-threshold counts first.
    """

    benchmark_suite: list[Text] | None = None
    regression_threshold: Share | None = None


class Performance(StrictTable, frozen=True):
    """What ``ci bench`` measures, and what it accepts.

    Attributes:
        benchmark_suite: files and directories with benchmarks; those that are there
            are run.
        arguments: additional arguments for pytest.
        regression_threshold: how much slower a benchmark may become.
        memory_threshold: how much more memory, and how many more allocations, one call
            may need.
        thresholds: the threshold of single benchmarks, by name; ``*`` stands for any
            text.
        group_thresholds: the threshold of the benchmarks of a group, by its name.
        history_branch: the branch of the remote that ``--store`` adds results to.
        quick: what the quick suite may cost.
        full: what the full suite may cost.
        load: the server and the requests of the suite load.
        answers: the answers of the template, which the other keys replace.
    """

    benchmark_suite: list[Text]
    arguments: list[Text]
    regression_threshold: Share
    memory_threshold: Share
    thresholds: dict[Text, Share]
    group_thresholds: dict[Text, Share]
    history_branch: Text
    quick: SuiteBudget
    full: SuiteBudget
    load: LoadTest
    answers: PerformanceAnswers = PerformanceAnswers()

    def budget(self, suite: SuiteName) -> SuiteBudget:
        """What a suite may cost."""
        if suite == "load":
            return self._load_budget
        return self.quick if suite == "quick" else self.full

    @property
    def _load_budget(self) -> SuiteBudget:
        load = self.load
        longest = load.ready_seconds + load.warm_up_seconds + load.seconds
        return SuiteBudget(
            first_processes=min(load.first_runs, load.runs),
            processes=load.runs,
            benchmark_seconds=load.seconds,
            rounds=1,
            process_seconds=longest + _LOCUST_SECONDS,
            budget_seconds=load.budget_seconds,
            counting_processes=0,
        )

    def threshold_of(self, name: str, group: str) -> float:
        """How much slower a benchmark may become, as a fraction of its time."""
        own = next((t for p, t in self.thresholds.items() if _matches(p, name)), "")
        return fraction(
            own or self.group_thresholds.get(group, "") or self.regression_threshold
        )


class PerformanceThresholds(StrictTable, frozen=True):
    """``configs/performance-thresholds.yaml``: budgets and thresholds.

    Attributes:
        defaults: the value of every setting that is not set.
    """

    defaults: Performance


_BUDGET = SuiteBudget(
    first_processes=LEAST_PROCESSES,
    processes=LEAST_PROCESSES,
    benchmark_seconds=0.1,
    rounds=1,
    process_seconds=60.0,
    budget_seconds=60.0,
    counting_processes=0,
)
NO_PERFORMANCE = Performance(
    benchmark_suite=[],
    arguments=[],
    regression_threshold="10%",
    memory_threshold="10%",
    thresholds={},
    group_thresholds={},
    history_branch="ci-framework/benchmarks",
    quick=_BUDGET,
    full=_BUDGET,
    load=NO_LOAD,
)


def fraction(share: Share) -> float:
    """A percentage such as 10% as a fraction."""
    return float(share.rstrip("%")) / 100


def _matches(pattern: str, name: str) -> bool:
    """Whether a pattern means a name: brackets of parameters are no wildcards."""
    parts = map(re.escape, pattern.split("*"))
    return re.fullmatch(".*".join(parts), name, re.DOTALL) is not None
