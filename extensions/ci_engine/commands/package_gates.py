"""Gates of several packages: in dependency order, in parallel where possible.

Each gate runs in a process of its own, which reads its request as JSON.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ci_engine.commands.command import Request, to_argv
from ci_engine.commands.paths import relative_directory
from ci_engine.configuration.surroundings import Surroundings
from ci_engine.errors import UsageError
from ci_engine.findings.results import (
    CheckResult,
    RunResult,
    Status,
    make_result,
)
from ci_engine.github.outputs import without_step
from ci_engine.monorepo.package_model import Graph
from ci_engine.processes.activity import activity
from ci_engine.processes.programs import CanceledError, Outcome, run_program
from ci_engine.processes.signals import WAIT_SECONDS, on_signals, restore
from ci_engine.processes.thread_pools import thread_pool
from ci_engine.project.output_files import prepare_directory
from ci_engine.reports.console import Console
from ci_engine.reports.publishing import publish, write_reports


@dataclass(frozen=True)
class PackageGates:
    """The gates to run.

    Attributes:
        gate: the request of each gate, by the name of the package.
        reports: the directory with a directory of reports for each package.
        at_once: how many packages run at the same time; 0 = as many as there are cores.
        fail_fast: start no further package after a failure.
    """

    graph: Graph
    names: Sequence[str]
    gate: Callable[[str], Request]
    reports: Path
    at_once: int = 0
    fail_fast: bool = False


def run_package_gates(
    gates: PackageGates, surroundings: Surroundings, reports: Path, *, as_json: bool
) -> int:
    """Run the gate of each package, report, and return the exit code."""
    if not gates.names:
        raise UsageError(
            "this repository has no packages",
            hint="run `ci-framework/ci gate`, which checks it as a whole",
        )
    root, variables = surroundings.repository, surroundings.variables
    prepare_directory(reports, root / ".ci-framework")
    write_reports(_result([], 0.0), reports)
    console = Console(variables, as_json=as_json)
    with console.progress():
        checks = _run_all(gates, surroundings, console.check)
    result = _result(checks, surroundings.seconds)
    write_reports(result, reports)
    publish(result, reports, variables)
    console.conclude(result, relative_directory(reports, surroundings))
    return result.verdict.exit_code


def _result(checks: list[CheckResult], seconds: float) -> RunResult:
    return make_result("packages", checks, seconds, "one for each package")


def _run_all(
    gates: PackageGates,
    surroundings: Surroundings,
    on_result: Callable[[CheckResult], None],
) -> list[CheckResult]:
    """Run the gate of each package after the gates of its dependencies."""
    order = [name for name in gates.graph.order if name in gates.names]
    before = {name: _before(gates.graph, name, order) for name in order}
    results: dict[str, CheckResult] = {}
    running: dict[Future[CheckResult], str] = {}
    cancel = threading.Event()
    waiting = list(order)
    handlers = on_signals(lambda _number, _frame: cancel.set())
    workers = gates.at_once or min(8, os.cpu_count() or 1)
    try:
        with thread_pool(workers) as pool:
            while waiting or running:
                for name in [n for n in waiting if before[n] <= results.keys()]:
                    waiting.remove(name)
                    future = pool.submit(_run_one, gates, name, surroundings, cancel)
                    running[future] = name
                done, _ = wait(running, WAIT_SECONDS, FIRST_COMPLETED)
                for future in done:
                    result = future.result()
                    results[running.pop(future)] = result
                    on_result(result)
                    if gates.fail_fast and not result.green:
                        cancel.set()
    finally:
        restore(handlers)
    return [results[name] for name in order]


def _before(graph: Graph, name: str, order: Sequence[str]) -> set[str]:
    """The packages that must finish first; in a cycle, those earlier in order."""
    earlier = set(order[: order.index(name)])
    needs = {other.name for other in graph.by_name[name].depends_on}
    return needs & earlier


def _run_one(
    gates: PackageGates,
    name: str,
    surroundings: Surroundings,
    cancel: threading.Event,
) -> CheckResult:
    """Run the gate of one package in a process of its own."""
    reports = gates.reports / name
    request = gates.gate(name)
    placed = msgspec.structs.replace(request, report_dir=str(reports))
    root = surroundings.repository
    main = Path(__file__).resolve().parent.parent / "__main__.py"
    command = [
        *(sys.executable, "-I", str(main), f"--repository={root}", "gate"),
        f"--request={msgspec.json.encode(placed).decode()}",
    ]
    started = time.monotonic()
    try:
        if cancel.is_set():
            raise CanceledError
        with activity(name):
            outcome = run_program(
                command,
                cwd=root,
                # This process writes the workflow's one report on all packages.
                variables=without_step(surroundings.variables),
                cancel=cancel,
            )
        result = _read(name, reports, outcome)
    except CanceledError:
        reason = "canceled: another package failed, or the run was interrupted"
        result = CheckResult(id=name, status=Status.NOT_RUN, reason=reason)
    result.rerun = to_argv("gate", request)
    result.seconds = time.monotonic() - started
    return result


def _read(name: str, reports: Path, outcome: Outcome) -> CheckResult:
    """Read the result of one package's gate; without a report there is no verdict."""
    try:
        data = (reports / "result.json").read_bytes()
        found = msgspec.json.decode(data, type=RunResult)
    except (OSError, msgspec.DecodeError):
        reason = f"its gate left no result: {outcome.describe_exit()}"
        return CheckResult(
            id=name, status=Status.NOT_RUN, reason=reason, output=outcome.tail(30)
        )
    red = [check for check in found.checks if not check.green]
    printed = outcome.stdout.strip().splitlines()[-30:]
    findings = [finding for check in found.checks for finding in check.findings]
    status = found.verdict.status
    if outcome.code != found.verdict.exit_code:
        status = Status.NOT_RUN
    return CheckResult(
        id=name,
        tier=found.tier,
        status=status,
        findings=findings if status is Status.FAILED else [],
        new=sum(check.new for check in found.checks),
        baseline=sum(check.baseline for check in found.checks),
        reason="; ".join(
            f"{check.id} {check.status.value}: {check.reason}".removesuffix(": ")
            for check in red
        ),
        environment=found.environment,
        tests=[test for check in found.checks for test in check.tests],
        output=("\n".join(printed) or outcome.tail(30)) if red else "",
    )
