"""``ci mcp``: start the MCP server of the project, and check how it behaves."""

from __future__ import annotations

import shlex
import threading
from typing import Annotated

import msgspec

from ci_engine.checks.outcomes import not_run, not_run_because
from ci_engine.commands.command import Command, Request
from ci_engine.commands.options import DryRun, Option, switch
from ci_engine.commands.output import print_list
from ci_engine.commands.paths import relative_directory
from ci_engine.configuration.loading import load_configuration
from ci_engine.configuration.mcp_settings import Mcp
from ci_engine.configuration.settings import Settings
from ci_engine.configuration.surroundings import Surroundings
from ci_engine.environments.preparation import prepare_environment
from ci_engine.errors import ToolError, UsageError
from ci_engine.findings.fingerprints import fingerprint_findings
from ci_engine.findings.results import CheckResult, RunResult, make_result
from ci_engine.mcp.checking import ServerCheck
from ci_engine.mcp.server_run import ServerRun, require_command
from ci_engine.processes.activity import activity
from ci_engine.processes.programs import CanceledError
from ci_engine.processes.signals import on_signals, restore
from ci_engine.project.output_files import prepare_directory
from ci_engine.project.repository import Project, read_project
from ci_engine.reports.console import Console
from ci_engine.reports.publishing import publish, write_reports

_ABOUT = """\
Start the MCP server of the project, and check how it behaves.

check  speak both eras of the protocol with it, over stdio and HTTP; validate and
       compare its schemas, call what is safe, and see whether it ends
"""


class McpOptions(Request, frozen=True, kw_only=True, rename="kebab"):
    """What the command line of ``ci mcp`` holds."""

    action: Annotated[list[str], Option("check", "ACTION", name="action")] = (
        msgspec.field(default_factory=list[str])
    )
    update: Annotated[bool, switch("update the snapshot of names and schemas")] = False
    python: Annotated[str, Option("the Python that the server runs with", "X.Y")] = ""
    dry_run: DryRun = False

    @property
    def rerun(self) -> str:
        """The command that repeats it."""
        words = [f"--python={self.python}"] if self.python else []
        return shlex.join(["ci-framework/ci", "mcp", "check", *words])


def run(options: McpOptions, surroundings: Surroundings) -> int:
    """Check the server, and return the exit code of the verdict."""
    given = " ".join(options.action)
    if given != "check":
        raise UsageError(
            f"expected check, got {given or 'nothing'}",
            hint="run `ci-framework/ci mcp check`",
        )
    variables = surroundings.variables
    configuration = load_configuration(surroundings.repository, variables)
    settings = configuration.settings
    require_command(settings.mcp)
    if options.dry_run and not options.update:
        print_list("mcp", "steps", _steps(settings.mcp), as_json=options.json)
        return 0
    project = read_project(surroundings.repository)
    console = Console(variables, as_json=options.json)
    reports = surroundings.reports(options.report_dir, "mcp")
    prepare_directory(reports, project.output)
    cancel = threading.Event()
    before = on_signals(lambda _number, _frame: cancel.set())
    try:
        with console.progress(), activity("mcp check"):
            checks = _check(options, surroundings, project, settings, cancel)
    finally:
        restore(before)
    result = _report(options, surroundings, project, checks)
    for check in result.checks:
        console.check(check)
    console.conclude(result, relative_directory(reports, surroundings))
    return result.verdict.exit_code


def _steps(settings: Mcp) -> list[str]:
    """What would be done."""
    commands = {"stdio": settings.command, "HTTP": settings.http_command}
    lines = [
        f"start over {name}: {text if isinstance(text, str) else shlex.join(text)}"
        for name, text in commands.items()
        if text
    ]
    return [*lines, f"compare with {settings.snapshot}"]


def _check(
    options: McpOptions,
    surroundings: Surroundings,
    project: Project,
    settings: Settings,
    cancel: threading.Event,
) -> list[CheckResult]:
    try:
        environment = prepare_environment(
            project, settings.environments, "essential", options.python, cancel
        )
        run_of_client = ServerRun(
            project,
            settings.mcp,
            environment,
            surroundings.reports(options.report_dir, "mcp"),
            settings.checks["mcp"].timeout,
            cancel,
        )
        check = ServerCheck(
            run_of_client, update=options.update, dry_run=options.dry_run
        )
        return check.results()
    except ToolError as error:
        unfinished = not_run_because(error)
    except CanceledError:
        unfinished = not_run("interrupted: the run was canceled")
    unfinished.id = "mcp-start"
    return [unfinished]


def _report(
    options: McpOptions,
    surroundings: Surroundings,
    project: Project,
    checks: list[CheckResult],
) -> RunResult:
    for check in checks:
        check.findings = fingerprint_findings(project.root, check.findings)
        check.new = len(check.findings)
        check.rerun = options.rerun
    result = make_result("mcp", checks, surroundings.seconds)
    result.environment = next((c.environment for c in checks if c.environment), "")
    reports = surroundings.reports(options.report_dir, "mcp")
    write_reports(result, reports)
    publish(result, reports, surroundings.variables)
    return result


COMMAND = Command(McpOptions, run, _ABOUT)
