"""``ci validate``: check the configuration files that the framework owns or shares."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Annotated

from ci_engine.commands.command import EXIT_CODES, Command, Request
from ci_engine.commands.options import Option
from ci_engine.commands.paths import relative_directory
from ci_engine.configuration.loading import Configuration, load_configuration
from ci_engine.configuration.surroundings import Surroundings
from ci_engine.errors import ConfigurationError, ToolError
from ci_engine.findings.results import (
    CheckResult,
    Finding,
    Status,
    Verdict,
    make_result,
)
from ci_engine.findings.tracked_output import find_tracked_output
from ci_engine.github.outputs import write_outputs
from ci_engine.processes.activity import activity
from ci_engine.project.output_files import prepare_directory
from ci_engine.project.repository import Project, read_project
from ci_engine.reports.console import Console
from ci_engine.reports.publishing import write_reports
from ci_engine.validation.framework_files import check_framework_files
from ci_engine.validation.marked_blocks import (
    check_answers,
    check_blocks,
    configuration_finding,
)
from ci_engine.validation.pinned_commit import check_pinned_commit
from ci_engine.validation.sarif_check import check_sarif
from ci_engine.validation.settings_check import (
    check_packages,
    check_settings,
    check_shadowed_settings,
    check_waivers,
)
from ci_engine.validation.tool_schemas import check_schemas
from ci_engine.validation.unlisted_packages import check_unlisted_packages
from ci_engine.workflow_jobs.jobs import as_matrix, matrix_of

_ABOUT = """\
Check every configuration file that the framework owns or shares: settings, waivers,
marked blocks, answers, packages, workflows and the files of other tools.
"""


class ValidateOptions(Request, frozen=True, kw_only=True, rename="kebab"):
    """The command line of ``ci validate``."""

    sarif: Annotated[
        str,
        Option("check a SARIF file before it is uploaded, and nothing else", "FILE"),
    ] = ""


def run(request: ValidateOptions, surroundings: Surroundings) -> int:
    """Check all files, report, and write the outputs of a workflow's first job."""
    root, variables = surroundings.repository, surroundings.variables
    console = Console(variables, as_json=request.json)
    project = read_project(root)
    reports = surroundings.reports(request.report_dir, "validate")
    prepare_directory(reports, project.output)
    checks: list[CheckResult] = []
    with console.progress():
        parts = _parts(project, surroundings)
        if request.sarif:
            sarif = surroundings.directory / request.sarif
            parts = {"sarif": lambda: check_sarif(sarif)}
        for name, check in parts.items():
            checks.append(_run(name, check))
            console.check(checks[-1])
    result = make_result(
        "validate", checks, surroundings.seconds, f"{project.manager} project"
    )
    write_reports(result, reports)
    console.conclude(result, relative_directory(reports, surroundings))
    if result.verdict is Verdict.GREEN and not request.sarif:
        configuration = load_configuration(root, variables)
        _publish(project, configuration, variables)
    return 2 if result.verdict is Verdict.RED else result.verdict.exit_code


def _parts(
    project: Project, surroundings: Surroundings
) -> dict[str, Callable[[], Iterator[Finding]]]:
    today, variables = surroundings.today, surroundings.variables
    return {
        "framework-files": lambda: check_framework_files(project),
        "output": lambda: iter(find_tracked_output(project)),
        "settings": lambda: _check_settings(project, variables),
        "waivers": lambda: check_waivers(project, today),
        "blocks": lambda: check_blocks(project),
        "answers": lambda: chain(check_answers(project), check_pinned_commit(project)),
        "packages": lambda: chain(
            check_packages(project), check_unlisted_packages(project)
        ),
        "tool-settings": lambda: check_shadowed_settings(project),
        "schemas": lambda: check_schemas(project),
    }


def _check_settings(
    project: Project, variables: Mapping[str, str]
) -> Iterator[Finding]:
    """Check the settings in files, then overrides by variables (workflow inputs)."""
    mistakes = list(check_settings(project))
    yield from mistakes
    if any(mistake.severity == "error" for mistake in mistakes):
        return
    try:
        load_configuration(project.root, variables)
    except ConfigurationError as error:
        yield configuration_finding("", str(error))


def _run(name: str, check: Callable[[], Iterator[Finding]]) -> CheckResult:
    started = time.monotonic()
    result = CheckResult(id=name, rerun="ci-framework/ci validate")
    try:
        with activity(name):
            result.findings = list(check())
    except ConfigurationError as error:
        result.findings = [
            Finding(tool="ci-framework", rule="configuration", message=str(error))
        ]
    except ToolError as error:
        result.status = Status.NOT_RUN
        result.reason, _, result.output = str(error).partition("\n")
    result.new = sum(found.severity == "error" for found in result.findings)
    if result.new:
        result.status = Status.FAILED
    result.seconds = time.monotonic() - started
    return result


def _publish(
    project: Project, configuration: Configuration, variables: Mapping[str, str]
) -> None:
    """Write the outputs that configure the other jobs of a workflow."""
    write_outputs(
        {
            "matrix": as_matrix(matrix_of(configuration)),
            "manager": project.manager,
            "tier": configuration.settings.quality.tier,
        },
        variables,
    )


COMMAND = Command(
    ValidateOptions,
    run,
    _ABOUT,
    {0: "all are valid", 2: "a file is not valid", 3: EXIT_CODES[3]},
)
