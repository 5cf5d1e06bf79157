"""What a comparison of benchmarks reports."""

from __future__ import annotations

from collections import Counter
from typing import Literal

import msgspec

# In the order in which a reader wants to see them.
BenchmarkVerdict = Literal[
    "regression", "failed", "unstable", "improvement", "new", "removed", "unchanged"
]
BENCHMARK_VERDICTS: tuple[BenchmarkVerdict, ...] = (
    *("regression", "failed", "unstable", "improvement"),
    *("new", "removed", "unchanged"),
)


MetricName = Literal["peak-memory", "allocations", "instructions"]


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """What a single call uses besides time.

    Attributes:
        name: peak-memory (bytes), allocations or instructions.
        base: the least of several processes on the base, None if it was not measured.
        head: the least of several processes on the head, None if it was not measured.
        threshold: the largest accepted growth, as a fraction; None = it never decides.
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
        group: the group that the suite puts it in, may be empty.
        verdict: what the comparison reports.
        threshold: the largest accepted change, as a fraction.
        base: seconds on the base, None if it was not measured there.
        head: seconds on the head, None if it was not measured there.
        ratio: head divided by base, None if one of them is missing.
        low: the lower end of the 95 % interval of the ratio.
        high: its upper end.
        confirmed: the ratio in fresh processes, None if there was no need for them.
        p: the probability of such ranks if nothing changed, adjusted for the number of
            benchmarks (Holm); shown only.
        base_processes: how many processes measured it on the base.
        head_processes: how many measured it on the head.
        reason: what a reader must know about the verdict, may be empty.
        metrics: what a call uses besides time, as far as it was counted.
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
    """Everything that was measured, and on what.

    Attributes:
        suite: quick or full.
        base: the commit that the head is compared with, empty if there is none.
        head: the commit of the head.
        uncommitted: whether the head has changes that are not committed.
        cpu: the model of the processor.
        cores: how many cores the machine has.
        noise: how far off a measured ratio is at most, in the median benchmark; None
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
        """How many benchmarks have a verdict."""
        return sum(each.verdict == verdict for each in self.benchmarks)

    def describe(self) -> str:
        """How many benchmarks there are, and how many have each verdict."""
        counts = Counter(each.verdict for each in self.benchmarks)
        parts = [f"{counts[v]} {v}" for v in BENCHMARK_VERDICTS if counts[v]]
        noun = "benchmark" if len(self.benchmarks) == 1 else "benchmarks"
        return f"{len(self.benchmarks)} {noun}: {', '.join(parts) or 'none'}"
