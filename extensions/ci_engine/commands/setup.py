"""``ci setup``: prepare the environment and the git hooks of this clone."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from ci_engine import __version__
from ci_engine.configuration.loading import Configuration, load_configuration
from ci_engine.environments.environment import Environment
from ci_engine.environments.isolated_tools import isolated_tool
from ci_engine.environments.preparation import prepare_development, prepare_environment
from ci_engine.errors import ToolError
from ci_engine.findings.results import CheckResult, RunResult, Status, verdict_of
from ci_engine.processes.programs import run_program
from ci_engine.project.output_files import prepare_directory
from ci_engine.project.repository import Project, read_project
from ci_engine.reports.console import conclude, make_console, print_check
from ci_engine.reports.publishing import write_reports

__all__ = ["run_setup"]


def run_setup(
    root: Path, *, hooks: bool, dry_run: bool, as_json: bool, report_dir: str
) -> int:
    """Do all steps, each of which may be repeated at will.

    Nothing outside the repository, its environment and the caches of the package
    managers is touched.
    """
    started = time.monotonic()
    project = read_project(root)
    configuration = load_configuration(root, os.environ)
    if dry_run:
        done = "pre-commit install" if hooks else "left alone"
        sys.stdout.write(f"environment: {_ways(project)}\nhooks: {done}\n")
        return 0
    console = make_console()
    reports = Path.cwd() / (report_dir or project.output / "setup")
    prepare_directory(reports, project.output)
    python: list[str] = []
    steps: dict[str, Callable[[], CheckResult]] = {
        "environment": lambda: _environment(project, configuration, python)
    }
    if hooks:
        steps["hooks"] = lambda: _hooks(project)
    checks: list[CheckResult] = []
    for name, step in steps.items():
        began = time.monotonic()
        try:
            check = step()
        except ToolError as error:
            reason, _, output = str(error).partition("\n")
            check = CheckResult(
                id=name, status=Status.NOT_RUN, reason=reason, output=output
            )
        check.seconds = time.monotonic() - began
        check.rerun = "ci-framework/ci setup"
        print_check(console, check)
        checks.append(check)
    result = RunResult(
        command="setup",
        verdict=verdict_of(checks),
        python=python[0] if python else "",
        checks=checks,
        framework=__version__,
        environment=checks[0].environment,
        seconds=time.monotonic() - started,
    )
    write_reports(result, reports)
    conclude(console, result, project.relative(reports), as_json=as_json)
    return result.verdict.exit_code


def _ways(project: Project) -> str:
    made = "uv, or without it the module venv"
    if project.manager == "pip":
        return f".venv, made by {made}"
    return f"by {project.manager}, or without it by {made}"


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
    hooks_path = project.git.run("config", "--get", "core.hooksPath").stdout.strip()
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
