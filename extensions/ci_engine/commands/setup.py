"""``ci setup``: prepare the environment and the git hooks of this clone."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from typing import Annotated, Literal

from ci_engine.checks.hooks.git_hooks import (
    hook_program,
    hook_types,
    hooks_elsewhere,
    install_git_hooks,
)
from ci_engine.checks.hooks.working_copy import CONFIG
from ci_engine.checks.outcomes import not_run_because
from ci_engine.commands.command import EXIT_CODES, Command, Request
from ci_engine.commands.options import DryRun, Option
from ci_engine.commands.output import print_json
from ci_engine.commands.paths import relative_directory
from ci_engine.configuration.loading import Configuration, load_configuration
from ci_engine.configuration.service_settings import Service
from ci_engine.configuration.surroundings import Surroundings
from ci_engine.environments.environment import Environment
from ci_engine.environments.preparation import prepare_development, prepare_environment
from ci_engine.environments.service_containers import start_services, stop_services
from ci_engine.environments.services import START_SECONDS, services_not_ready
from ci_engine.errors import ToolError
from ci_engine.findings.results import CheckResult, Status, make_result
from ci_engine.processes.activity import activity
from ci_engine.project.output_files import prepare_directory
from ci_engine.project.repository import Project, read_project
from ci_engine.reports.console import Console
from ci_engine.reports.publishing import write_reports

_ABOUT = "Prepare the environment of this clone, and install its git hooks."


class SetupOptions(Request, frozen=True, kw_only=True, rename="kebab"):
    """The command line of ``ci setup``."""

    no_hooks: Annotated[bool, Option("do not install git hooks")] = False
    services: Annotated[
        Literal["", "start", "stop"],
        Option("only start the services that tests need, or stop them", "start|stop"),
    ] = ""
    dry_run: DryRun = False


def run(options: SetupOptions, surroundings: Surroundings) -> int:
    """Run all steps; repeating them is safe.

    Writes only to the repository, its environment and the caches of the package
    managers.
    """
    project = read_project(surroundings.repository)
    configuration = load_configuration(project.root, surroundings.variables)
    if options.dry_run:
        _print_plan(project, options)
        return 0
    console = Console(surroundings.variables, as_json=options.json)
    reports = surroundings.reports(options.report_dir, "setup")
    prepare_directory(reports, project.output)
    made: list[Environment] = []
    steps: dict[str, Callable[[], CheckResult]] = {
        "environment": lambda: _environment(project, configuration, made)
    }
    if options.services:
        services = configuration.settings.services
        steps = {"services": lambda: _services(project, services, options.services)}
    elif not options.no_hooks:
        steps["hooks"] = lambda: _hooks(project, made[0] if made else None)
    checks: list[CheckResult] = []
    with console.progress():
        for name, step in steps.items():
            checks.append(_run_step(name, step))
            if options.services:
                checks[-1].rerun += f" --services {options.services}"
            console.check(checks[-1])
    result = make_result(
        "setup",
        checks,
        surroundings.seconds,
        checks[0].environment,
        "".join(environment.probe.python for environment in made),
    )
    write_reports(result, reports)
    console.conclude(result, relative_directory(reports, surroundings))
    return result.verdict.exit_code


def _print_plan(project: Project, options: SetupOptions) -> None:
    hooks = "left alone"
    if not options.no_hooks:
        types = ", ".join(hook_types(project.root))
        hooks = f"installed for {types}, by prek or the locked pre-commit"
    plan = {"environment": _method(project), "hooks": hooks}
    if options.services:
        plan = {"services": f"{options.services}, by docker compose or podman compose"}
    if options.json:
        print_json({"schema": 1, "command": "setup", "dry-run": True, "steps": plan})
    else:
        sys.stdout.writelines(f"{name}: {what}\n" for name, what in plan.items())


def _run_step(name: str, step: Callable[[], CheckResult]) -> CheckResult:
    started = time.monotonic()
    try:
        with activity(name):
            check = step()
    except ToolError as error:
        check = not_run_because(error)
        check.id = name
    check.seconds = time.monotonic() - started
    check.rerun = "ci-framework/ci setup"
    return check


def _method(project: Project) -> str:
    made = "uv, or without it the module venv"
    if project.manager == "pip":
        return f".venv, created by {made}"
    otherwise = "the module venv" if project.manager == "uv" else made
    return f"by {project.manager}, or without it by {otherwise}"


def _environment(
    project: Project, configuration: Configuration, made: list[Environment]
) -> CheckResult:
    environments = configuration.settings.environments
    prepare_development(project, environments)
    environment: Environment = prepare_environment(project, environments, "essential")
    made.append(environment)
    result = CheckResult(id="environment", environment=environment.name)
    result.reason = f"{environment.name}, Python {environment.probe.python}"
    if environment.substitute:
        result.notes = [f"{environment.substitute}: {environment.name}"]
    return result


def _services(
    project: Project, services: Mapping[str, Service], what: str
) -> CheckResult:
    """Start the services and wait until they are ready, or stop them."""
    result = CheckResult(id="services")
    if not services:
        result.status = Status.SKIPPED
        result.reason = "no service is in tool.ci-framework.services"
    elif what == "stop":
        program = stop_services(project, services)
        result.reason = f"stopped by {program}: {', '.join(services)}"
    elif not services_not_ready(services):
        result.reason = f"running already: {', '.join(services)}"
    else:
        program = start_services(project, services)
        missing = services_not_ready(services, START_SECONDS)
        if missing:
            rows = [f"{name}: {reason}" for name, reason in missing.items()]
            raise ToolError("services are not ready: " + "; ".join(rows))
        result.reason = f"started by {program}: {', '.join(services)}"
    return result


def _hooks(project: Project, environment: Environment | None) -> CheckResult:
    """Install the hooks with prek if installed, else with the locked pre-commit."""
    result = CheckResult(id="hooks")
    if not (project.root / CONFIG).is_file():
        result.status = Status.SKIPPED
        result.reason = f"there is no {CONFIG}"
        return result
    if project.git is None:
        result.status = Status.SKIPPED
        result.reason = "not a git repository: run `git init`, then this again"
        return result
    elsewhere = hooks_elsewhere(project)
    if elsewhere:
        result.status = Status.SKIPPED
        result.reason = f"git's core.hooksPath is {elsewhere}: run the hooks yourself"
        return result
    program = hook_program(project, environment)
    result.reason = install_git_hooks(project, program)
    result.tool = program.label
    return result


COMMAND = Command(
    SetupOptions,
    run,
    _ABOUT,
    {0: "ready", 2: EXIT_CODES[2], 3: EXIT_CODES[3]},
)
