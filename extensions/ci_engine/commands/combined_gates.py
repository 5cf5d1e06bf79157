"""Combine the results of test shards: one gate per matrix job, one overall verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from ci_engine.changes.decision import Decision
from ci_engine.checks.gate_run import GateRun
from ci_engine.checks.request import GateRequest
from ci_engine.checks.tests.combined_shards import (
    COMBINED_CHECKS,
    ShardGroup,
    find_shards,
)
from ci_engine.checks.tests.durations import (
    merge_durations,
    read_durations,
    write_durations,
)
from ci_engine.commands.gate_options import GateOptions
from ci_engine.commands.output import print_list
from ci_engine.commands.paths import relative_directory
from ci_engine.configuration.loading import Configuration
from ci_engine.configuration.surroundings import Surroundings
from ci_engine.findings.results import (
    CheckResult,
    RunResult,
    Subject,
    make_result,
)
from ci_engine.github.outputs import without_step
from ci_engine.project.output_files import prepare_directory
from ci_engine.project.repository import Project
from ci_engine.reports.console import Console
from ci_engine.reports.publishing import publish, write_reports

Runner = Callable[[GateRun, Console, Subject], RunResult]


def run_combined_gates(
    options: GateOptions,
    surroundings: Surroundings,
    prepared: tuple[Project, Configuration, GateRequest, Decision | None],
    run_gate: Runner,
    subject: Subject,
) -> int:
    """Judge every matrix job whose tests were sharded, and return the exit code."""
    project, configuration, request, decision = prepared
    groups = find_shards(surroundings.directory / options.combine, options.shards)
    if options.dry_run:
        names = [group.label for group in groups]
        print_list("gate", "matrix jobs", names, as_json=options.json)
        return 0
    top = surroundings.reports(options.report_dir, "gate")
    prepare_directory(top, project.output)
    checks = [name for name in request.checks if name in COMBINED_CHECKS]
    # This process writes the workflow's one report on all of them.
    variables = without_step(surroundings.variables)
    results: list[RunResult] = []
    for group in groups:
        own = replace(
            request,
            checks=checks,
            left_out={},
            reports=top / group.label,
            decision=decision,
            combined=group,
        )
        prepare_directory(own.reports, project.output)
        gate = GateRun(project, configuration, own, variables)
        console = Console(variables, as_json=options.json)
        result = run_gate(gate, console, subject)
        _describe(result, group)
        write_reports(result, own.reports)
        results.append(result)
    if options.durations:
        complete = decision is None or decision.tests.mode == "all"
        _renew(surroundings.directory / options.durations, results, complete=complete)
    whole = make_result(
        "combined", [_as_check(*pair) for pair in zip(groups, results, strict=True)]
    )
    whole.tier, whole.subject = request.tier, subject
    whole.seconds = surroundings.seconds
    write_reports(whole, top)
    publish(whole, top, surroundings.variables)
    console = Console(surroundings.variables, as_json=options.json)
    console.conclude(whole, relative_directory(top, surroundings))
    return whole.verdict.exit_code


def _describe(result: RunResult, group: ShardGroup) -> None:
    """Name the Python and the environment of the shards."""
    runs = [report.result for report in group.reports]
    result.python = next((run.python for run in runs if run.python), "")
    result.environment = next((run.environment for run in runs if run.environment), "")
    result.seconds = max((run.seconds for run in runs), default=0.0)


def _renew(path: Path, results: Sequence[RunResult], *, complete: bool) -> None:
    tests = [t for run in results for check in run.checks for t in check.tests]
    path.parent.mkdir(parents=True, exist_ok=True)
    write_durations(
        path, merge_durations(read_durations(path), tests, complete=complete)
    )


def _as_check(group: ShardGroup, result: RunResult) -> CheckResult:
    """Convert the result of a matrix job to one check."""
    bad = [check for check in result.checks if not check.green]
    return CheckResult(
        id=group.label,
        tier=result.tier,
        status=result.verdict.status,
        seconds=result.seconds,
        findings=[finding for check in bad for finding in check.findings],
        new=sum(check.new for check in bad),
        reason="; ".join(
            f"{check.id} {check.status.value}: {check.reason}".removesuffix(": ")
            for check in bad
        ),
        environment=result.environment,
    )
