"""Settings of ``ci bench``; see ``configs/performance-thresholds.yaml``."""

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
# With fewer, the variation of the times cannot be estimated.
LEAST_PROCESSES = 3
# Seconds that locust may take to start, and to end.
_LOCUST_SECONDS = 60.0
Processes = Annotated[int, msgspec.Meta(ge=LEAST_PROCESSES)]
Rounds = Annotated[int, msgspec.Meta(ge=1)]


class SuiteBudget(StrictTable, frozen=True):
    """The budget of one suite.

    Attributes:
        first_processes: processes of each side before the first decisions.
        processes: maximum processes of each side; as many again confirm a change.
        benchmark_seconds: seconds for which a process measures one benchmark, unless
            the benchmark sets its own duration.
        rounds: minimum rounds of one benchmark in one process.
        process_seconds: seconds after which a process is killed.
        budget_seconds: seconds after which no further process is started.
        counting_processes: processes of each side that measure memory and instructions;
            0 = do not measure these.
    """

    first_processes: Processes
    processes: Processes
    benchmark_seconds: Seconds
    rounds: Rounds
    process_seconds: Seconds
    budget_seconds: Seconds
    counting_processes: Count


class PerformanceAnswers(StrictTable, frozen=True):
    """Template answers in the framework's block, in a table of its own.

    Attributes:
        benchmark_suite: the answer benchmark_suite; performance.benchmark-suite takes
            precedence.
        regression_threshold: the answer regression_threshold;
            performance.regression-threshold takes precedence.
    """

    benchmark_suite: list[Text] | None = None
    regression_threshold: Share | None = None


class Performance(StrictTable, frozen=True):
    """Settings of ``ci bench``.

    Attributes:
        benchmark_suite: files and directories with benchmarks; those that exist
            are run.
        arguments: additional arguments for pytest.
        regression_threshold: how much slower a benchmark may become.
        memory_threshold: how much more memory, and how many more allocations, one call
            may need.
        thresholds: the thresholds of single benchmarks by name; ``*`` matches any
            text.
        group_thresholds: the thresholds of groups of benchmarks by name.
        history_branch: the branch of the remote that ``--store`` adds results to.
        quick: the budget of the quick suite.
        full: the budget of the full suite.
        load: the server and the requests of the load suite.
        answers: the answers of the template, which the other keys override.
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
        """The budget of a suite."""
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
        defaults: the values of all settings that are not set.
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
    """Convert a percentage such as 10% to a fraction."""
    return float(share.rstrip("%")) / 100


def _matches(pattern: str, name: str) -> bool:
    """Whether a pattern matches a name; brackets of parameters are not wildcards."""
    parts = map(re.escape, pattern.split("*"))
    return re.fullmatch(".*".join(parts), name, re.DOTALL) is not None
