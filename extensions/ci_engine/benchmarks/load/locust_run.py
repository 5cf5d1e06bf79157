"""Run the locust file of a side once, against its server."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from ci_engine.benchmarks.load.server import Server, ServerError
from ci_engine.benchmarks.reading import Measured
from ci_engine.benchmarks.sides import ProcessResult, Side
from ci_engine.configuration.load_settings import LoadTest
from ci_engine.configuration.performance_settings import SuiteBudget, fraction
from ci_engine.environments import inside
from ci_engine.environments.isolated_tools import isolated_tool
from ci_engine.errors import ToolError
from ci_engine.processes.programs import Outcome, run_program
from ci_engine.processes.services import Service
from ci_engine.project.repository import Project

PERCENTILES = ("p50", "p95", "p99")
THROUGHPUT = "all requests: time for each"


class Requests(msgspec.Struct, frozen=True):
    """The requests with one name, or all of them.

    Attributes:
        count: the number of successful requests.
        failures: the number of failed requests.
        p50: seconds within which half of the successful ones were answered.
    """

    count: int
    failures: int
    p50: float = 0.0
    p95: float = 0.0
    p99: float = 0.0

    def percentile(self, name: str) -> float:
        """Seconds within which that share of the successful requests were answered."""
        return {"p50": self.p50, "p95": self.p95, "p99": self.p99}[name]

    @property
    def made(self) -> int:
        """The number of requests."""
        return self.count + self.failures


class Report(msgspec.Struct, frozen=True):
    """The report of ``run_locust.py`` on one run.

    Attributes:
        finished: whether the run had its full duration.
        seconds: how long requests were counted.
        messages: the most frequent reasons for failures.
        refused: other machines that the locust file tried to reach.
    """

    finished: bool
    seconds: float
    total: Requests
    requests: dict[str, Requests]
    messages: list[str]
    refused: list[str]

    @property
    def requests_per_second(self) -> float:
        """Successful requests per second."""
        return self.total.count / self.seconds if self.seconds else 0.0

    @property
    def error_rate(self) -> float:
        """The share of requests that failed."""
        return self.total.failures / self.total.made if self.total.made else 0.0


@dataclass
class LoadRunner:
    """Runs a server together with locust, repeatedly.

    Attributes:
        reports: the reports of the head's runs.
        notes: notes about the servers for readers.
    """

    project: Project
    settings: LoadTest
    budget: SuiteBudget
    cancel: threading.Event
    reports: list[Report] = field(default_factory=list[Report])
    notes: dict[str, None] = field(default_factory=dict[str, None])
    tool: str = ""

    def run(self, side: Side, only: Collection[str] = ()) -> ProcessResult:
        """Run the load test of a side once; ``only`` may limit the reported times."""
        with tempfile.TemporaryDirectory(
            prefix="ci-framework-load-", ignore_cleanup_errors=True
        ) as name:
            directory = Path(name)
            if self.settings.command:
                result = self._with_server(side, directory)
            else:
                host, port = self.settings.host, self.settings.port
                address = f"{host}:{port}" if port else host
                result = self._load(side, address, None, directory)
        times = {n: t for n, t in result.times.items() if not only or n in only}
        return ProcessResult(
            times, result.failed, result.problem, result.timed_out, result.output
        )

    def _with_server(self, side: Side, directory: Path) -> ProcessResult:
        server = Server(self.settings, side, directory / "server.log", self.cancel)
        try:
            with server.running() as service:
                return self._load(side, server.address, service, directory)
        except ServerError as error:
            return ProcessResult(
                problem=str(error), timed_out=error.timed_out, output=error.output
            )
        finally:
            self.notes |= dict.fromkeys(server.notes)

    def _load(
        self, side: Side, address: str, service: Service | None, directory: Path
    ) -> ProcessResult:
        file = directory / "report.json"
        outcome = run_program(
            [*self._command(side), *self._arguments(side, address, file)],
            cwd=side.root,
            timeout=self.budget.process_seconds,
            variables=self._variables(side),
            cancel=self.cancel,
        )
        report = _read(file)
        if report is not None and report.refused:
            raise ToolError(
                f"the locust file connects to {report.refused[0]}, which is not this "
                "machine",
                hint="use self.client with relative paths, or set "
                "performance.load.allow-remote",
            )
        if service is not None and service.ended:
            message = f"the server ended during the load test: {service.ended}"
            raise ServerError(message, service.tail())
        if report is None or not report.finished or outcome.code != 0:
            return ProcessResult(
                problem=f"locust: {outcome.describe_exit()}",
                timed_out=outcome.timed_out,
                output=outcome.tail(25),
            )
        if side.name == "head":
            self.reports.append(report)
        return self._judge(side, report, outcome)

    def _judge(self, side: Side, report: Report, outcome: Outcome) -> ProcessResult:
        if not report.total.made:
            return ProcessResult(output=outcome.tail(25))
        if side.name == "base":
            accepted = fraction(self.settings.limits.error_rate)
            if report.error_rate > accepted:
                problem = describe_failures(report)
                return ProcessResult(problem=problem, output=outcome.tail(25))
        return ProcessResult(dict(_times(side.paths[0], report)))

    def _command(self, side: Side) -> list[str]:
        """The interpreter with locust: the project's if it has it."""
        environment = side.environment
        if environment.module("locust") is not None:
            self.tool = f"locust {environment.version('locust')}".strip()
            return [*environment.prefix, environment.probe.executable]
        tool = isolated_tool(self.project, "locust", self.cancel)
        self.tool = f"locust {tool.version}"
        return [tool.program("python")]

    def _arguments(self, side: Side, address: str, report: Path) -> list[str]:
        settings = self.settings
        return [
            str(inside.DIRECTORY / "run_locust.py"),
            str(report),
            str(settings.warm_up_seconds),
            str(settings.seconds),
            "remote" if settings.allow_remote else "local",
            *("--headless", "--only-summary", "--locustfile", side.paths[0]),
            *("--host", f"http://{address}", "--users", str(settings.users)),
            *("--spawn-rate", str(settings.spawn_rate), "--exit-code-on-error", "0"),
        ]

    def _variables(self, side: Side) -> dict[str, str]:
        kept = side.environment.variables.items()
        return {name: text for name, text in kept if not name.startswith("LOCUST_")}


def describe_failures(report: Report) -> str:
    """How many requests failed, and why the first of them did."""
    total = report.total
    reason = f": {report.messages[0]}" if report.messages else ""
    return f"{total.failures} of {total.made} requests failed{reason}"


def _read(file: Path) -> Report | None:
    try:
        return msgspec.json.decode(file.read_bytes(), type=Report)
    except (OSError, msgspec.DecodeError):
        return None


def _times(path: str, report: Report) -> Iterator[tuple[str, Measured]]:
    """The values to compare: percentiles by request, and the throughput."""
    for name, requests in report.requests.items():
        if requests.count:
            for group in PERCENTILES:
                seconds = requests.percentile(group)
                yield f"{path}::{name} {group}", Measured(seconds, group)
    if report.requests_per_second:
        seconds = 1 / report.requests_per_second
        yield f"{path}::{THROUGHPUT}", Measured(seconds, "throughput")
