"""Combine the results of test shards: one gate per matrix job, one overall verdict."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ci_engine.checks.gate_run import GateRun
from ci_engine.checks.request import GateRequest
from ci_engine.checks.tests.combined_shards import (
    COMBINED_CHECKS,
    ShardGroup,
    find_shards,
)
from ci_engine.checks.tests.durations import renew_durations
from ci_engine.commands.gate_options import GateOptions
from ci_engine.commands.output import print_list
from ci_engine.commands.paths import relative_directory
from ci_engine.configuration.loading import Configuration
from ci_engine.configuration.surroundings import Surroundings
from ci_engine.findings.results import (
    CheckResult,
    RunResult,
    Subject,
    TestCase,
    make_result,
)
from ci_engine.github.outputs import without_step
from ci_engine.project.output_files import prepare_directory
from ci_engine.project.repository import OUTPUT_DIRECTORY, Project
from ci_engine.reports.console import Console
from ci_engine.reports.publishing import publish, write_reports

Runner = Callable[[GateRun, Console, Subject], RunResult]
Prepare = Callable[[ShardGroup], tuple[Project, Configuration, GateRequest]]


def run_combined_gates(
    options: GateOptions,
    surroundings: Surroundings,
    prepare: Prepare,
    run_gate: Runner,
    subject: Subject,
) -> int:
    """Judge every matrix job whose tests were sharded, and return the exit code.

    Args:
        options: the options of the gate.
        surroundings: the surroundings of the command.
        prepare: prepares a matrix job, for the repository or a package.
        run_gate: runs one gate.
        subject: the subject of the reports.
    """
    groups = find_shards(surroundings.directory / options.combine, options.shards)
    if options.dry_run:
        names = [group.label for group in groups]
        print_list("gate", "matrix jobs", names, as_json=options.json)
        return 0
    top = surroundings.reports(options.report_dir, "gate")
    output = surroundings.repository / OUTPUT_DIRECTORY
    prepare_directory(top, output)
    # This process writes the workflow's one report on all of them.
    variables = without_step(surroundings.variables)
    results: list[RunResult] = []
    tests: list[TestCase] = []
    complete = True
    for group in groups:
        project, configuration, request = prepare(group)
        own = replace(
            request,
            checks=[name for name in request.checks if name in COMBINED_CHECKS],
            left_out={},
            reports=top / group.label,
            combined=group,
        )
        prepare_directory(own.reports, output)
        gate = GateRun(project, configuration, own, variables)
        console = Console(variables, as_json=options.json)
        result = run_gate(gate, console, subject)
        _describe(result, group)
        write_reports(result, own.reports)
        results.append(result)
        tests += [test for check in result.checks for test in check.tests]
        # A change tests only some packages, so keep the durations of others.
        complete = complete and not (request.partial or group.package)
    if options.durations:
        path = surroundings.directory / options.durations
        renew_durations(path, tests, complete=complete)
    whole = make_result(
        "combined", [_as_check(*pair) for pair in zip(groups, results, strict=True)]
    )
    whole.tier, whole.subject = results[0].tier, subject
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
