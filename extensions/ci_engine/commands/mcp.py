"""``ci mcp``: start the MCP server of the project, and check how it behaves."""

from __future__ import annotations

import shlex
import threading
from collections.abc import Callable
from dataclasses import dataclass
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
from ci_engine.environments.environment import Environment
from ci_engine.environments.package_environment import package_preparation
from ci_engine.environments.preparation import prepare_environment
from ci_engine.errors import ToolError, UsageError
from ci_engine.findings.fingerprints import fingerprint_findings
from ci_engine.findings.results import CheckResult, RunResult, make_result
from ci_engine.mcp.checking import ServerCheck
from ci_engine.mcp.conformance import CHECK
from ci_engine.mcp.conformance_run import ConformanceRun, require_conformance
from ci_engine.mcp.server_run import ServerRun, require_command
from ci_engine.monorepo.package_view import view_package
from ci_engine.processes.activity import activity
from ci_engine.processes.programs import CanceledError
from ci_engine.processes.signals import on_signals, restore
from ci_engine.project.output_files import prepare_directory
from ci_engine.project.repository import Project, read_project
from ci_engine.reports.console import Console
from ci_engine.reports.publishing import publish, write_reports

_ABOUT = """\
Start the MCP server of the project, and check how it behaves.

check        use both versions of the protocol, over stdio and HTTP; validate its
             schemas, compare them with the snapshot, call the safe tools, and
             check that it exits
conformance  run the official conformance suite against it, over HTTP, and compare
             the failures with the expected ones
"""
_ACTIONS = ("check", "conformance")


class McpOptions(Request, frozen=True, kw_only=True, rename="kebab"):
    """The command line of ``ci mcp``."""

    action: Annotated[
        list[str], Option("check or conformance", "ACTION", name="action")
    ] = msgspec.field(default_factory=list[str])
    update: Annotated[bool, switch("update the snapshot, or the expected failures")] = (
        False
    )
    package: Annotated[
        str, Option("the package of a monorepo that is the server", "NAME")
    ] = ""
    python: Annotated[str, Option("the Python that the server runs with", "X.Y")] = ""
    dry_run: DryRun = False

    @property
    def rerun(self) -> str:
        """The command that repeats this run."""
        words = [f"--package={self.package}"] if self.package else []
        words += [f"--python={self.python}"] if self.python else []
        return shlex.join(["ci-framework/ci", "mcp", *self.action, *words])


@dataclass(frozen=True)
class _Server:
    """The server to check: that of the repository, or of a package."""

    project: Project
    settings: Settings
    prepare: Callable[[threading.Event], Environment]


def run(options: McpOptions, surroundings: Surroundings) -> int:
    """Check the server, and return the exit code of the verdict."""
    given = " ".join(options.action)
    if given not in _ACTIONS:
        raise UsageError(
            f"expected {' or '.join(_ACTIONS)}, got {given or 'nothing'}",
            hint="run `ci-framework/ci mcp check`",
        )
    server = _find_server(options, surroundings)
    settings = server.settings.mcp
    if given == "conformance":
        require_conformance(settings)
    else:
        require_command(settings)
    if options.dry_run and not options.update:
        print_list("mcp", "steps", _steps(given, settings), as_json=options.json)
        return 0
    console = Console(surroundings.variables, as_json=options.json)
    reports = surroundings.reports(options.report_dir, "mcp")
    prepare_directory(reports, server.project.output)
    cancel = threading.Event()
    before = on_signals(lambda _number, _frame: cancel.set())
    try:
        with console.progress(), activity(f"mcp {given}"):
            checks = _check(options, surroundings, server, cancel)
    finally:
        restore(before)
    result = _report(options, surroundings, server.project, checks)
    for check in result.checks:
        console.check(check)
    console.conclude(result, relative_directory(reports, surroundings))
    return result.verdict.exit_code


def _find_server(options: McpOptions, surroundings: Surroundings) -> _Server:
    top = read_project(surroundings.repository)
    prepared: Callable[[threading.Event], Environment] | None = None
    project, python = top, options.python
    if options.package:
        view = view_package(top, options.package, surroundings.variables, {})
        project, configuration = view.project, view.configuration
        python = python or view.how.python
        prepared = package_preparation(view, "essential", python)
    else:
        configuration = load_configuration(top.root, surroundings.variables)
    settings = configuration.settings

    def prepare(cancel: threading.Event) -> Environment:
        return prepare_environment(
            project, settings.environments, "essential", python, cancel
        )

    return _Server(project, settings, prepared or prepare)


def _steps(action: str, settings: Mcp) -> list[str]:
    """The steps that a run would take."""
    if action == "conformance":
        baseline = settings.conformance_baseline
        runs = [f"run the conformance suite for {v}" for v in settings.conformance]
        return [*runs, f"compare the failures with {baseline}"]
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
    server: _Server,
    cancel: threading.Event,
) -> list[CheckResult]:
    update, dry_run = options.update, options.dry_run
    given = server.settings.mcp, surroundings.reports(options.report_dir, "mcp")
    timeout = server.settings.checks["mcp"].timeout
    try:
        environment = server.prepare(cancel)
        of_server = server.project, given[0], environment, given[1], timeout, cancel
        if options.action == ["conformance"]:
            suite = ConformanceRun(*of_server)
            return [suite.check(update=update, dry_run=dry_run)]
        return ServerCheck(ServerRun(*of_server), update, dry_run).results()
    except ToolError as error:
        unfinished = not_run_because(error)
    except CanceledError:
        unfinished = not_run("interrupted: the run was canceled")
    unfinished.id = CHECK if options.action == ["conformance"] else "mcp-start"
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
    result.package = options.package
    result.environment = next((c.environment for c in checks if c.environment), "")
    reports = surroundings.reports(options.report_dir, "mcp")
    write_reports(result, reports)
    publish(result, reports, surroundings.variables)
    return result


COMMAND = Command(
    McpOptions, run, _ABOUT, variables={"package": "CI_FRAMEWORK_PACKAGE"}
)
