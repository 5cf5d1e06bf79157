"""Run the gate for several packages: in their order, side by side where they may."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ci_engine.findings.results import CheckResult, Finding, RunResult, Status, Verdict
from ci_engine.monorepo.package_model import Graph
from ci_engine.processes.programs import CanceledError, Outcome, run_program
from ci_engine.processes.signals import on_signals, restore
from ci_engine.project.repository import Project

__all__ = ["GateOptions", "run_packages"]

_STATUS = {
    Verdict.GREEN: Status.PASSED,
    Verdict.RED: Status.FAILED,
    Verdict.ERROR: Status.NOT_RUN,
}
# A workflow is told of all packages at once, by whoever runs them.
_OF_THE_STEP = ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_ACTIONS")


@dataclass(frozen=True)
class GateOptions:
    """What the gate of each package is told.

    Attributes:
        words: options that are handed on.
        reports: the directory in which each package gets one.
        at_once: how many packages run at the same time.
        fail_fast: start no other package once one failed.
    """

    words: Sequence[str]
    reports: Path
    at_once: int
    fail_fast: bool


def run_packages(
    project: Project,
    graph: Graph,
    names: Sequence[str],
    options: GateOptions,
    on_result: Callable[[CheckResult], None],
) -> list[CheckResult]:
    """Run the gate of each package once those it needs are through.

    Args:
        project: the repository.
        graph: its packages.
        names: the packages to run.
        options: what they are told.
        on_result: called with each result as soon as it is there.

    Returns:
        One result for each package, in their order.
    """
    order = [name for name in graph.order if name in names]
    before = {name: _before(graph, name, order) for name in order}
    results: dict[str, CheckResult] = {}
    running: dict[Future[CheckResult], str] = {}
    cancel = threading.Event()
    waiting = list(order)
    earlier = on_signals(lambda _number, _frame: cancel.set())
    try:
        with ThreadPoolExecutor(max_workers=max(1, options.at_once)) as pool:
            while waiting or running:
                for name in [n for n in waiting if before[n] <= results.keys()]:
                    waiting.remove(name)
                    future = pool.submit(_one, project, name, options, cancel)
                    running[future] = name
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    result = future.result()
                    results[running.pop(future)] = result
                    on_result(result)
                    if options.fail_fast and not result.green:
                        cancel.set()
    finally:
        restore(earlier)
    return [results[name] for name in order]


def _before(graph: Graph, name: str, order: Sequence[str]) -> set[str]:
    """The packages that must be through; of a cycle those that come first."""
    earlier = set(order[: order.index(name)])
    needs = {other.name for other in graph.by_name[name].depends_on}
    return needs & earlier


def _one(
    project: Project, name: str, options: GateOptions, cancel: threading.Event
) -> CheckResult:
    """Run the gate of one package in a process of its own."""
    reports = options.reports / name
    words = ["gate", "--package", name, *options.words]
    rerun = " ".join(["ci-framework/ci", *words])
    main = Path(__file__).resolve().parent.parent / "__main__.py"
    command = [
        sys.executable,
        "-I",
        str(main),
        f"--repository={project.root}",
        *words,
        "--report-dir",
        str(reports),
    ]
    kept = {k: v for k, v in os.environ.items() if k not in _OF_THE_STEP}
    started = time.monotonic()
    try:
        if cancel.is_set():
            raise CanceledError
        outcome = run_program(command, cwd=project.root, variables=kept, cancel=cancel)
        result = _read(name, reports, outcome)
    except CanceledError:
        reason = "called off: another package failed, or the run was interrupted"
        result = CheckResult(id=name, status=Status.NOT_RUN, reason=reason)
    result.rerun = rerun
    result.seconds = time.monotonic() - started
    return result


def _read(name: str, reports: Path, outcome: Outcome) -> CheckResult:
    """What the gate of one package said; no report is no verdict."""
    try:
        data = (reports / "result.json").read_bytes()
        found = msgspec.json.decode(data, type=RunResult)
    except (OSError, msgspec.DecodeError):
        reason = f"its gate left no result: {outcome.describe_exit()}"
        return CheckResult(
            id=name, status=Status.NOT_RUN, reason=reason, output=outcome.tail(30)
        )
    red = [check for check in found.checks if not check.green]
    findings: list[Finding] = []
    for check in found.checks:
        findings += check.findings
    status = _STATUS[found.verdict]
    if outcome.code != found.verdict.exit_code:
        status = Status.NOT_RUN
    return CheckResult(
        id=name,
        tier=found.tier,
        status=status,
        findings=findings if status is Status.FAILED else [],
        new=sum(check.new for check in found.checks),
        baseline=sum(check.baseline for check in found.checks),
        reason="; ".join(_why(check) for check in red),
        environment=found.environment,
        tests=[test for check in found.checks for test in check.tests],
        output=outcome.tail(30) if red else "",
    )


def _why(check: CheckResult) -> str:
    reason = f": {check.reason}" if check.reason else ""
    return f"{check.id} {check.status.value}{reason}"
