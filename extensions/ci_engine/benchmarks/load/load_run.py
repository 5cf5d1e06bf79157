"""A load test: run both sides alternately, compare them, and check the limits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import median

from ci_engine.benchmarks.bench_run import BenchRun, NothingToRunError
from ci_engine.benchmarks.judging import judge
from ci_engine.benchmarks.load.locust_run import (
    PERCENTILES,
    LoadRunner,
    Report,
    describe_failures,
)
from ci_engine.benchmarks.measuring import Measuring
from ci_engine.benchmarks.sides import Side
from ci_engine.benchmarks.suite_kinds import SuiteKinds
from ci_engine.configuration.load_settings import USUAL_FILES, LoadTest, is_loopback
from ci_engine.configuration.performance_settings import fraction
from ci_engine.environments.environment import Environment
from ci_engine.errors import ConfigurationError
from ci_engine.findings.results import CheckResult, Finding, Status


class LoadRun(BenchRun):
    """A run of the load test of a repository."""

    def __post_init__(self) -> None:
        """Refuse to send requests elsewhere, unless the settings allow it.

        Raises:
            ConfigurationError: if the host is another machine.
        """
        super().__post_init__()
        if not is_loopback(self.load.host) and not self.load.allow_remote:
            raise ConfigurationError(
                "tool.ci-framework.performance.load.host: expected this machine, "
                f"such as 127.0.0.1, got {self.load.host}",
                hint="set performance.load.allow-remote to send requests elsewhere",
            )

    @property
    def load(self) -> LoadTest:
        """The settings of the load test."""
        return self.settings.performance.load

    def suite_paths(self, root: Path) -> list[str]:
        """The locust file of a side."""
        return list(filter(None, [self.load.locust_file(root)]))

    def require_suite(self, root: Path) -> None:
        """Raise an error if a side has no load test."""
        load = self.load
        if not self.suite_paths(root):
            named = load.locustfile or ", ".join(USUAL_FILES)
            raise NothingToRunError(
                f"there is no locust file ({named}): set performance.load.locustfile "
                "to its path"
            )
        if not load.command and is_loopback(load.host):
            raise NothingToRunError(
                "there is no server to test: set performance.load.command to the "
                "command that starts it"
            )

    def require_packages(self, environment: Environment, kinds: SuiteKinds) -> None:
        """Accept every environment: if locust is missing, it runs isolated."""

    def measure(self, base: Side | None, head: Side, why: str) -> CheckResult:
        """Run both sides alternately, compare them, and check the head's limits."""
        performance = self.settings.performance
        if base is not None and not self.load.command:
            base, why = None, "the server is not started here"
        runner = LoadRunner(
            self.project, self.load, performance.budget("load"), self.cancel
        )
        found = Measuring(runner, performance, base, head).measure()
        check = judge(found, performance, self.suite)
        check.tool = runner.tool
        check.notes += runner.notes
        if base is None and check.status is Status.PASSED:
            check.notes.append(f"not compared: {why}")
        if "head" not in found.problems:
            self._hold_to_limits(check, head.paths[0], runner.reports)
        return check

    def _hold_to_limits(
        self, check: CheckResult, path: str, reports: list[Report]
    ) -> None:
        """Add findings for exceeded limits, and the measured values."""
        if not any(report.total.made for report in reports):
            check.reason = "no request was made: check the tasks of the locust file"
            return
        check.notes.append(_describe(reports))
        beyond = list(_beyond(self.load, path, reports))
        check.findings += beyond
        check.new += len(beyond)
        if beyond:
            check.status, check.reason = Status.FAILED, ""
        elif check.status is Status.SKIPPED:
            # The limits were checked anyway.
            check.status, reason = Status.PASSED, check.reason
            check.notes.append(reason)
            check.reason = ""


def _describe(reports: list[Report]) -> str:
    requests = sum(report.total.made for report in reports)
    failures = sum(report.total.failures for report in reports)
    throughput = median(report.requests_per_second for report in reports)
    times = ", ".join(f"{p} {_milliseconds(reports, p):.3g} ms" for p in PERCENTILES)
    return (
        f"head: {requests} requests in {len(reports)} runs, {failures} failed, "
        f"{throughput:.3g} each second, {times}"
    )


def _milliseconds(reports: list[Report], percentile: str) -> float:
    """A percentile of all requests, in the median run."""
    return 1000 * median(report.total.percentile(percentile) for report in reports)


def _beyond(load: LoadTest, path: str, reports: list[Report]) -> Iterator[Finding]:
    """The limits that the head's median run exceeds."""
    limits = load.limits
    rate = median(report.error_rate for report in reports)
    if rate > fraction(limits.error_rate):
        worst = max(reports, key=lambda report: report.error_rate)
        yield _finding(
            "error-rate",
            path,
            f"{describe_failures(worst)} ({rate:.1%} in the median run); "
            f"accepted: {limits.error_rate}",
        )
    answered = [report for report in reports if report.total.count]
    for percentile in PERCENTILES if answered else ():
        accepted: float = getattr(limits, percentile)
        reached = _milliseconds(answered, percentile)
        if accepted and reached > accepted:
            yield _finding(
                percentile,
                path,
                f"{percentile} of all requests is {reached:.3g} ms; "
                f"accepted: {accepted:g} ms",
            )
    throughput = median(report.requests_per_second for report in reports)
    if throughput < limits.requests_per_second:
        yield _finding(
            "throughput",
            path,
            f"{throughput:.3g} requests were answered each second; expected at least "
            f"{limits.requests_per_second:g}",
        )


def _finding(name: str, path: str, message: str) -> Finding:
    return Finding(tool="ci-framework", rule=f"load-{name}", message=message, path=path)
