"""Count memory and instructions of single calls, in addition to times."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec

from ci_engine.benchmarks.sides import Observation, Side
from ci_engine.benchmarks.suite_process import SuiteRunner
from ci_engine.configuration.performance_settings import Performance, fraction
from ci_engine.environments.isolated_tools import IsolatedTool, isolated_tool
from ci_engine.errors import ToolError
from ci_engine.findings.benchmark_results import BenchmarkResult, Metric, MetricName
from ci_engine.findings.results import CheckResult, Finding, Status
from ci_engine.processes.activity import activity
from ci_engine.project.repository import Project

Kind = Literal["memory", "instructions"]
_METRICS: tuple[MetricName, ...] = ("peak-memory", "allocations", "instructions")
# Growth below this may be that of a cache, or of a few objects.
_LEAST_GROWTH = {"peak-memory": 16_384.0, "allocations": 100.0}
_NOUNS = {"peak-memory": "bytes of peak memory", "allocations": "allocations"}


class _Counted(msgspec.Struct, frozen=True):
    """The output of ``ci_framework_counting``."""

    reason: str
    counts: dict[str, dict[str, float]]


@dataclass
class Counts:
    """The counts of the processes of both sides.

    Attributes:
        values: the counts of every process, by side, benchmark and metric.
        reasons: why something could not be counted, by its kind.
    """

    values: dict[str, dict[str, dict[str, list[float]]]] = field(
        default_factory=lambda: {"base": {}, "head": {}}
    )
    reasons: dict[str, str] = field(default_factory=dict[str, str])

    def metric(
        self,
        benchmark: str,
        name: Literal["peak-memory", "allocations", "instructions"],
    ) -> Metric | None:
        """A metric of a benchmark, None if it was not counted."""
        base = self.values["base"].get(benchmark, {}).get(name, [])
        head = self.values["head"].get(benchmark, {}).get(name, [])
        if not base and not head:
            return None
        return Metric(
            name=name,
            base=min(base) if base else None,
            head=min(head) if head else None,
        )

    def has_grown(self, benchmark: str, name: str, threshold: float) -> bool:
        """Whether every process of the head needs more than all of the base."""
        base = self.values["base"].get(benchmark, {}).get(name, [])
        head = self.values["head"].get(benchmark, {}).get(name, [])
        if not base or not head or name not in _LEAST_GROWTH:
            return False
        accepted = max(base) * (1 + threshold)
        return min(head) > max(accepted, max(base) + _LEAST_GROWTH[name])


@dataclass
class Counting:
    """Runs the processes that count."""

    runner: SuiteRunner
    project: Project
    sides: list[Side]

    def count(self, processes: int) -> Counts:
        """Count everything that can be counted here."""
        counts = Counts()
        for kind in ("memory", "instructions"):
            # Instructions vary little, and never decide.
            for number in range(processes if kind == "memory" else 1):
                for side in self.sides:
                    with activity(f"{kind} of the {side.name}, process {number + 1}"):
                        self._process(counts, kind, side)
                    if kind in counts.reasons:
                        break
                if kind in counts.reasons:
                    break
        return counts

    def _process(self, counts: Counts, kind: Kind, side: Side) -> None:
        with tempfile.TemporaryDirectory(
            prefix="ci-framework-counting-", ignore_cleanup_errors=True
        ) as name:
            directory = Path(name)
            try:
                packages = ""
                if kind == "memory":
                    packages = packages_of(memray_for(self.project, side, self.runner))
                seen = Observation(kind, directory, packages)
                result = self.runner.run(side, observation=seen)
            except ToolError as error:
                counts.reasons[kind] = str(error).splitlines()[0]
                return
            counted = read_counts(directory)
        if counted is None or counted.reason or result.problem:
            reason = counted.reason if counted else ""
            counts.reasons[kind] = reason or result.problem or "no process counted it"
            return
        for benchmark, metrics in counted.counts.items():
            kept = counts.values[side.name].setdefault(benchmark, {})
            for metric, value in metrics.items():
                kept.setdefault(metric, []).append(value)


def memray_for(project: Project, side: Side, runner: SuiteRunner) -> IsolatedTool:
    """The locked memray, built for the interpreter of a side."""
    python = side.environment.probe.executable
    return isolated_tool(project, "memray", runner.cancel, python)


def packages_of(tool: IsolatedTool) -> str:
    """The directory with the packages of an isolated tool."""
    found = tool.scripts.parent.glob("lib*/python*/site-packages")
    return str(next(iter(sorted(found)), ""))


def read_counts(directory: Path) -> _Counted | None:
    """Merge the counts of the suites of a process, as far as they exist."""
    joined: _Counted | None = None
    for file in sorted(directory.rglob("counts.json")):
        try:
            one = msgspec.json.decode(file.read_bytes(), type=_Counted)
        except msgspec.DecodeError:
            continue
        counts = {**joined.counts, **one.counts} if joined else one.counts
        joined = _Counted((joined.reason if joined else "") or one.reason, counts)
    return joined


def add_counts(check: CheckResult, counts: Counts, performance: Performance) -> None:
    """Add the metrics to the results, and growth to the findings."""
    comparison = check.comparison
    if comparison is None:
        return
    threshold = fraction(performance.memory_threshold)
    results = [_with_metrics(each, counts, threshold) for each in comparison.benchmarks]
    check.comparison = msgspec.structs.replace(comparison, benchmarks=results)
    findings = [finding for each in results for finding in _findings(each)]
    check.findings += findings
    check.new += len(findings)
    if findings and check.status in (Status.PASSED, Status.SKIPPED):
        check.status, check.reason = Status.FAILED, ""
    for kind, reason in counts.reasons.items():
        check.notes.append(f"{kind} not measured: {reason}")


def _with_metrics(
    each: BenchmarkResult, counts: Counts, threshold: float
) -> BenchmarkResult:
    metrics = [
        msgspec.structs.replace(
            metric,
            threshold=threshold if metric.name in _LEAST_GROWTH else None,
            grown=counts.has_grown(each.name, metric.name, threshold),
        )
        for name in _METRICS
        if (metric := counts.metric(each.name, name)) is not None
    ]
    return msgspec.structs.replace(each, metrics=metrics)


def _findings(each: BenchmarkResult) -> Iterator[Finding]:
    for metric in each.metrics:
        if not metric.grown or metric.ratio is None:
            continue
        yield Finding(
            tool="ci-framework",
            rule=f"benchmark-{metric.name}",
            message=(
                f"{each.name} needs {metric.head:,.0f} {_NOUNS[metric.name]} instead "
                f"of {metric.base:,.0f}, {metric.ratio - 1:.0%} more; "
                f"accepted: {metric.threshold:.0%}"
            ),
            path=each.name.partition("::")[0],
            test=each.name,
        )
