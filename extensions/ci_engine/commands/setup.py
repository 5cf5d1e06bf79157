"""``ci setup``: prepare the environment and the git hooks of this clone."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Annotated

from ci_engine.checks.outcomes import not_run_because
from ci_engine.commands.command import EXIT_CODES, Command, Request
from ci_engine.commands.options import DryRun, Option
from ci_engine.commands.output import print_json
from ci_engine.commands.paths import relative_directory
from ci_engine.configuration.loading import Configuration, load_configuration
from ci_engine.configuration.surroundings import Surroundings
from ci_engine.environments.environment import Environment
from ci_engine.environments.isolated_tools import isolated_tool
from ci_engine.environments.preparation import prepare_development, prepare_environment
from ci_engine.errors import ToolError
from ci_engine.findings.results import CheckResult, Status, make_result
from ci_engine.processes.activity import activity
from ci_engine.processes.programs import run_program
from ci_engine.project.output_files import prepare_directory
from ci_engine.project.repository import Project, read_project
from ci_engine.reports.console import Console
from ci_engine.reports.publishing import write_reports

_ABOUT = "Prepare the environment of this clone, and install its git hooks."


class SetupOptions(Request, frozen=True, kw_only=True, rename="kebab"):
    """What the command line of ``ci setup`` holds."""

    no_hooks: Annotated[bool, Option("leave git hooks alone")] = False
    dry_run: DryRun = False


def run(options: SetupOptions, surroundings: Surroundings) -> int:
    """Do all steps; it is safe to repeat them.

    Nothing outside the repository, its environment and the caches of the package
    managers is touched.
    """
    project = read_project(surroundings.repository)
    configuration = load_configuration(project.root, surroundings.variables)
    if options.dry_run:
        _print_plan(project, options)
        return 0
    console = Console(surroundings.variables, as_json=options.json)
    reports = surroundings.reports(options.report_dir, "setup")
    prepare_directory(reports, project.output)
    python: list[str] = []
    steps: dict[str, Callable[[], CheckResult]] = {
        "environment": lambda: _environment(project, configuration, python)
    }
    if not options.no_hooks:
        steps["hooks"] = lambda: _hooks(project)
    checks: list[CheckResult] = []
    with console.progress():
        for name, step in steps.items():
            checks.append(_run_step(name, step))
            console.check(checks[-1])
    result = make_result(
        "setup", checks, surroundings.seconds, checks[0].environment, "".join(python)
    )
    write_reports(result, reports)
    console.conclude(result, relative_directory(reports, surroundings))
    return result.verdict.exit_code


def _print_plan(project: Project, options: SetupOptions) -> None:
    hooks = "left alone" if options.no_hooks else "pre-commit install"
    plan = {"environment": _method(project), "hooks": hooks}
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
        return f".venv, made by {made}"
    otherwise = "the module venv" if project.manager == "uv" else made
    return f"by {project.manager}, or without it by {otherwise}"


def _environment(
    project: Project, configuration: Configuration, python: list[str]
) -> CheckResult:
    environments = configuration.settings.environments
    prepare_development(project, environments)
    environment: Environment = prepare_environment(project, environments, "essential")
    python.append(environment.probe.python)
    result = CheckResult(id="environment", environment=environment.name)
    result.reason = f"{environment.name}, Python {environment.probe.python}"
    if environment.substitute:
        result.notes = [f"{environment.substitute}: {environment.name}"]
    return result


def _hooks(project: Project) -> CheckResult:
    """Install the hooks with the project's pre-commit or the locked one."""
    result = CheckResult(id="hooks")
    if not (project.root / ".pre-commit-config.yaml").is_file():
        result.status = Status.SKIPPED
        result.reason = "there is no .pre-commit-config.yaml"
        return result
    if project.git is None:
        result.status = Status.SKIPPED
        result.reason = "not a git repository: run `git init`, then this again"
        return result
    listed = project.git.run("config", "--show-scope", "--get-all", "core.hooksPath")
    # The last one counts, but for that of our own command line.
    paths = [line.partition("\t") for line in listed.stdout.splitlines()]
    hooks_path = next((p for scope, _, p in reversed(paths) if scope != "command"), "")
    if hooks_path:
        result.status = Status.SKIPPED
        result.reason = f"git's core.hooksPath is {hooks_path}: hooks are yours to run"
        return result
    tool = isolated_tool(project, "pre-commit")
    outcome = run_program(
        [tool.program(), "install"],
        cwd=project.root,
        timeout=120,
        variables=tool.variables,
    )
    if outcome.code != 0:
        raise ToolError(
            f"pre-commit install: {outcome.describe_exit()}\n{outcome.tail()}"
        )
    result.tool = f"pre-commit {tool.version}"
    result.reason = " ".join(outcome.stdout.split())
    return result


COMMAND = Command(
    SetupOptions,
    run,
    _ABOUT,
    {0: "ready", 2: EXIT_CODES[2], 3: EXIT_CODES[3]},
)
