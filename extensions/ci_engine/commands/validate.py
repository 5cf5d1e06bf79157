"""``ci validate``: check every configuration file the framework owns or shares."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from ci_engine import __version__
from ci_engine.configuration.loading import Configuration, load_configuration
from ci_engine.errors import ConfigurationError, ToolError
from ci_engine.findings.results import (
    CheckResult,
    Finding,
    RunResult,
    Status,
    Verdict,
    verdict_of,
)
from ci_engine.findings.tracked_output import find_tracked_output
from ci_engine.github.outputs import write_outputs
from ci_engine.project.output_files import prepare_directory
from ci_engine.project.repository import Project, read_project
from ci_engine.reports.console import conclude, make_console, print_check
from ci_engine.reports.publishing import write_reports
from ci_engine.validation.marked_blocks import check_answers, check_blocks
from ci_engine.validation.packages_check import check_packages
from ci_engine.validation.settings_check import (
    check_framework_files,
    check_settings,
    check_waivers,
)
from ci_engine.validation.tool_schemas import check_schemas
from ci_engine.workflow_jobs.matrix import as_matrix, matrix_of

__all__ = ["run_validate"]


def run_validate(root: Path, *, as_json: bool, report_dir: str) -> int:
    """Check all files, report, and tell a CI system what the first job must know.

    Returns:
        0 when everything is allowed, 2 when something is not, 3 when a validator
        could not run.
    """
    started = time.monotonic()
    console = make_console()
    project = read_project(root)
    reports = Path.cwd() / (report_dir or root / ".ci-framework" / "validate")
    prepare_directory(reports, root / ".ci-framework")
    checks: list[CheckResult] = []
    for name, check in _parts(project).items():
        checks.append(_run(name, check))
        print_check(console, checks[-1])
    result = RunResult(
        command="validate",
        verdict=verdict_of(checks),
        python="",
        checks=checks,
        framework=__version__,
        environment=f"{project.manager} project",
        seconds=time.monotonic() - started,
    )
    write_reports(result, reports)
    conclude(console, result, project.relative(reports), as_json=as_json)
    if result.verdict is Verdict.GREEN:
        _publish(project, load_configuration(root, os.environ))
    return 2 if result.verdict is Verdict.RED else result.verdict.exit_code


def _parts(project: Project) -> dict[str, Callable[[], Iterator[Finding]]]:
    return {
        "framework-files": check_framework_files,
        "output": lambda: iter(find_tracked_output(project)),
        "settings": lambda: check_settings(project),
        "waivers": lambda: check_waivers(project),
        "blocks": lambda: check_blocks(project),
        "answers": lambda: check_answers(project),
        "packages": lambda: check_packages(project),
        "schemas": lambda: check_schemas(project),
    }


def _run(name: str, check: Callable[[], Iterator[Finding]]) -> CheckResult:
    started = time.monotonic()
    result = CheckResult(id=name, rerun="ci-framework/ci validate")
    try:
        result.findings = list(check())
    except ConfigurationError as error:
        result.findings = [
            Finding(tool="ci-framework", rule="configuration", message=str(error))
        ]
    except ToolError as error:
        result.status = Status.NOT_RUN
        result.reason, _, result.output = str(error).partition("\n")
    if result.findings:
        result.status, result.new = Status.FAILED, len(result.findings)
    result.seconds = time.monotonic() - started
    return result


def _publish(project: Project, configuration: Configuration) -> None:
    """Write the outputs that the other jobs of a workflow are made from."""
    write_outputs(
        {
            "matrix": as_matrix(matrix_of(configuration)),
            "manager": project.manager,
            "tier": configuration.settings.quality.tier,
        }
    )
