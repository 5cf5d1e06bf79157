"""``ci scan``: look for security issues, secrets and known vulnerabilities."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from ci_engine.checks.accepted_findings import Acceptance, find_acceptance
from ci_engine.commands.command import Command, Request
from ci_engine.commands.options import (
    Baseline,
    DryRun,
    Grow,
    Option,
    Since,
    refuse_growth,
    switch,
)
from ci_engine.commands.output import print_list
from ci_engine.commands.paths import relative_directory, split_lines
from ci_engine.configuration.loading import Configuration, load_configuration
from ci_engine.configuration.reading import Table
from ci_engine.configuration.security_profiles import ScannerName
from ci_engine.configuration.settings import SecurityLevel
from ci_engine.configuration.surroundings import Surroundings
from ci_engine.findings.baseline import read_baseline
from ci_engine.findings.recording import (
    count_resolved,
    offer_to_shrink,
    record,
    write,
)
from ci_engine.findings.results import (
    CheckResult,
    RunResult,
    make_result,
    unfinished,
    verdict_of,
)
from ci_engine.github.outputs import write_outputs
from ci_engine.github.subject import read_subject
from ci_engine.processes.signals import on_signals, restore
from ci_engine.project.output_files import prepare_directory
from ci_engine.project.repository import Project, read_project
from ci_engine.reports.console import Console
from ci_engine.reports.publishing import publish, write_reports
from ci_engine.scanning.files import named
from ci_engine.scanning.judge import is_blocking
from ci_engine.scanning.run import ScanRun
from ci_engine.scanning.waivers import WAIVERS_FILE, read_waivers

_ABOUT = """\
Look for security issues, secrets and known vulnerabilities.

levels: low, medium, high, critical; each one is stricter than the one before.
`ci scan --dry-run` lists the scanners of a level.
"""


class ScanOptions(Request, frozen=True, kw_only=True, rename="kebab"):
    """The command line of a scan; None = as configured."""

    level: Annotated[
        SecurityLevel | None, Option("low, medium, high or critical", "LEVEL")
    ] = None
    only: Annotated[
        list[str], Option("only these scanners, comma-separated", "SCANNERS")
    ] = msgspec.field(default_factory=list[str])
    history: Annotated[
        Literal["none", "change", "all"] | None,
        Option("which commits are searched for secrets", "none|change|all"),
    ] = None
    advanced: Annotated[bool, switch("the same as --history all")] = False
    image: Annotated[
        list[str], Option("a container image to scan", "IMAGE", several=True)
    ] = msgspec.field(default_factory=list[str])
    tools: Annotated[
        str,
        Option("paths of installed scanners, which are preferred to PATH", "LINES"),
    ] = ""
    since: Since = ""
    baseline: Baseline = "check"
    grow: Grow = False
    dry_run: DryRun = False

    @property
    def overrides(self) -> Table:
        """The settings that the command line overrides."""
        images = [name for name in self.image if name]
        security: Table = {"level": self.level} if self.level else {}
        if images:
            security["scan-containers"] = True
        return {
            "security": security,
            **({"scan": {"images": images}} if images else {}),
        }


def run(options: ScanOptions, surroundings: Surroundings) -> int:
    """Run the scanners, and return the exit code of the verdict."""
    refuse_growth(options.baseline, grow=options.grow)
    root, variables = surroundings.repository, surroundings.variables
    configuration = load_configuration(root, variables, options.overrides)
    level = configuration.settings.security.level
    scanners: Sequence[ScannerName] = configuration.security.scanners_of(level)
    if options.only:
        scanners, warnings = configuration.security.select(options.only)
        sys.stderr.writelines(f"warning: {warning}\n" for warning in warnings)
    project = read_project(root)
    if options.dry_run:
        print_list("scan", "scanners", scanners, as_json=options.json)
        return 0
    console = Console(variables, as_json=options.json)
    with console.progress():
        result = run_scan(
            project, configuration, scanners, options, surroundings, console.ended
        )
    for check in result.checks:
        console.check(check)
    reports = surroundings.reports(options.report_dir, "scan")
    console.conclude(result, relative_directory(reports, surroundings))
    return result.verdict.exit_code


def run_scan(
    project: Project,
    configuration: Configuration,
    scanners: Sequence[ScannerName],
    options: ScanOptions,
    surroundings: Surroundings,
    on_result: Callable[[CheckResult], None] = lambda _: None,
) -> RunResult:
    """Run the scanners, write the reports and return the result."""
    reports = surroundings.reports(options.report_dir, "scan")
    level = configuration.settings.security.level
    prepare_directory(reports, project.output)
    write_reports(_result(level, unfinished(scanners), 0.0), reports)
    baseline = read_baseline(project.root)
    writes = options.baseline == "write"
    waivers = read_waivers(project.root, surroundings.today)
    acceptance = Acceptance()
    if not writes and (baseline is not None or waivers.listed):
        root, variables = project.root, surroundings.variables
        acceptance = find_acceptance(root, options.since, variables)
        waivers.judge_by(acceptance.base, unknown=bool(acceptance.problem))
    scan = ScanRun(
        project=project,
        configuration=configuration,
        level_name=level,
        scanners=scanners,
        reports=reports,
        search_path=_search_path(split_lines(options.tools), surroundings),
        waivers=waivers,
        acceptance=acceptance,
        variables=surroundings.variables,
        baseline=None if writes else baseline,
        since=options.since,
        history="all" if options.advanced else options.history or "",
        on_result=on_result,
    )

    before = on_signals(lambda _number, _frame: scan.cancel.set())
    try:
        outcome = scan.execute()
    finally:
        restore(before)
    result = _result(level, outcome.checks, surroundings.seconds)
    result.subject = read_subject(project, surroundings.variables, surroundings.today)
    if writes:
        # Findings are reported even where they may not be recorded.
        write_reports(result, reports)
        new, kept = record(outcome.separate, baseline)
        changed = write(project.root, baseline, new, grow=options.grow)
        scan.baseline = new
        scan.waivers.reset()
        result.checks = scan.judge(outcome)
        result.verdict = verdict_of(result.checks)
        name = "ci-framework/project/baseline.json"
        result.notes = [f"{name}: {changed}", *kept, *_about_secrets(result.checks)]
    elif baseline is not None:
        number = count_resolved(baseline, outcome.separate)
        command = f"ci-framework/ci scan --level {level} --baseline write"
        result.notes += offer_to_shrink(number, command)
    result.notes += configuration.security.select(options.only)[1]
    write_reports(result, reports)
    publish(result, reports, surroundings.variables)
    _publish_files(reports, surroundings)
    return result


def _about_secrets(checks: Sequence[CheckResult]) -> list[str]:
    """Explain findings that no baseline can accept: secrets are never recorded."""
    locations = [
        finding.location or finding.rule
        for check in checks
        if not check.reason
        for finding in check.findings
        if is_blocking(finding)
    ]
    if not locations:
        return []
    return [
        f"secrets are never recorded ({named(locations)}): revoke and remove them; "
        f"add a waiver to {WAIVERS_FILE} for a false positive"
    ]


def _search_path(tools: Sequence[str], surroundings: Surroundings) -> str:
    """The directories to search for installed programs; a file means its directory."""
    paths = [surroundings.directory / tool for tool in tools]
    folders = [str(path.parent if path.is_file() else path) for path in paths]
    return os.pathsep.join([*folders, surroundings.variables.get("PATH", "")])


def _result(
    level: SecurityLevel, checks: list[CheckResult], seconds: float
) -> RunResult:
    result = make_result("scan", checks, seconds, f"level {level}")
    result.level = level
    return result


def _publish_files(reports: Path, surroundings: Surroundings) -> None:
    """Print the files that a workflow may upload."""
    sbom = reports / "sbom.cdx.json"
    write_outputs(
        {
            "sarif-file": (reports / "results.sarif").as_posix(),
            "sbom-file": sbom.as_posix() if sbom.is_file() else "",
        },
        surroundings.variables,
    )


COMMAND = Command(ScanOptions, run, _ABOUT)
