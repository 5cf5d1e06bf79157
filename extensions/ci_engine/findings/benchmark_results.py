"""The results of a comparison of benchmarks."""

from __future__ import annotations

from collections import Counter
from typing import Literal

import msgspec

# In the order of reports.
BenchmarkVerdict = Literal[
    "regression", "failed", "unstable", "improvement", "new", "removed", "unchanged"
]
BENCHMARK_VERDICTS: tuple[BenchmarkVerdict, ...] = (
    *("regression", "failed", "unstable", "improvement"),
    *("new", "removed", "unchanged"),
)


MetricName = Literal["peak-memory", "allocations", "instructions"]


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """A measurement of a single call besides its time.

    Attributes:
        name: peak-memory (bytes), allocations or instructions.
        base: the minimum of several processes on the base, None if not measured.
        head: the minimum of several processes on the head, None if not measured.
        threshold: the largest accepted growth, as a fraction; None = informational.
        grown: whether every process of the head is beyond the threshold.
    """

    name: MetricName
    base: float | None = None
    head: float | None = None
    threshold: float | None = None
    grown: bool = False

    @property
    def ratio(self) -> float | None:
        """Head divided by base, None if one of them is missing."""
        return self.head / self.base if self.head is not None and self.base else None


class BenchmarkResult(msgspec.Struct, frozen=True, kw_only=True):
    """One benchmark on both sides.

    Attributes:
        name: pytest's node id.
        group: its group in the suite, may be empty.
        verdict: the verdict of the comparison.
        threshold: the largest accepted change, as a fraction.
        base: seconds on the base, None if not measured there.
        head: seconds on the head, None if not measured there.
        ratio: head divided by base, None if one of them is missing.
        low: the lower end of the 95 % interval of the ratio.
        high: its upper end.
        confirmed: the ratio in fresh processes, None if they were not needed.
        p: the probability of such ranks if nothing changed, adjusted for the number of
            benchmarks (Holm); for display only.
        base_processes: the number of processes that measured it on the base.
        head_processes: the number of processes that measured it on the head.
        reason: an explanation of the verdict, may be empty.
        metrics: other measurements of a call, if there are any.
    """

    name: str
    verdict: BenchmarkVerdict
    threshold: float
    group: str = ""
    base: float | None = None
    head: float | None = None
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    confirmed: float | None = None
    p: float | None = None
    base_processes: int = 0
    head_processes: int = 0
    reason: str = ""
    metrics: list[Metric] = msgspec.field(default_factory=list[Metric])


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """All measurements, and the machine.

    Attributes:
        suite: quick or full.
        base: the compared commit, empty if there is none.
        head: the commit of the head.
        uncommitted: whether the head has uncommitted changes.
        cpu: the processor model.
        cores: the number of cores.
        noise: the possible error of a measured ratio, in the median benchmark; None
            if nothing was compared.
        benchmarks: one result for each benchmark, the worst first.
    """

    suite: str
    base: str = ""
    head: str = ""
    uncommitted: bool = False
    cpu: str = ""
    cores: int = 0
    noise: float | None = None
    benchmarks: list[BenchmarkResult] = msgspec.field(
        default_factory=list[BenchmarkResult]
    )

    def count(self, verdict: BenchmarkVerdict) -> int:
        """The number of benchmarks with a verdict."""
        return sum(each.verdict == verdict for each in self.benchmarks)

    def describe(self) -> str:
        """The number of benchmarks, and of each verdict."""
        counts = Counter(each.verdict for each in self.benchmarks)
        parts = [f"{counts[v]} {v}" for v in BENCHMARK_VERDICTS if counts[v]]
        noun = "benchmark" if len(self.benchmarks) == 1 else "benchmarks"
        return f"{len(self.benchmarks)} {noun}: {', '.join(parts) or 'none'}"
