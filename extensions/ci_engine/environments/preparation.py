"""Prepare the environment of a tier with the project's manager, or without it.

If the manager is not installed, uv or the venv module creates an environment with the
same dependency group; the verdict then names the environment that was used.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from ci_engine.configuration.settings import Environments, Tier
from ci_engine.environments.environment import (
    Environment,
    environment_error,
    pixi_environment,
    virtual_environment,
)
from ci_engine.environments.installer import python_of
from ci_engine.environments.project_environment import (
    EnvironmentRequest,
    Resolution,
    fill_environment,
    make_environment,
)
from ci_engine.errors import ToolError
from ci_engine.findings.tracked_output import refuse_tracked_output
from ci_engine.processes.programs import find_program
from ci_engine.project.repository import Project

# Not --quiet: poetry would then not report why it failed.
_POETRY_INSTALL = ["poetry", "install", "--no-interaction", "--no-ansi"]
_POETRY_VARIABLES = {"POETRY_VIRTUALENVS_IN_PROJECT": "true"}


def prepare_environment(
    project: Project,
    environments: Environments,
    tier: Tier,
    python: str = "",
    cancel: threading.Event | None = None,
    *,
    resolution: Resolution = "highest",
) -> Environment:
    """Find or create the environment of a tier; without a version, for any Python."""
    refuse_tracked_output(project)
    declared = environments.of_tier(tier)
    request = EnvironmentRequest(project, declared, python, cancel, resolution)
    if resolution == "lowest-direct":
        if project.manager == "pixi":
            raise ToolError(
                "pixi cannot resolve the lowest versions of dependencies",
                hint='set tool.ci-framework.matrix.lowest-direct to "none"',
            )
        return make_environment(request, "the lowest direct dependencies")
    if project.manager == "pip":
        return _own_or_made(request)
    if find_program(project.manager) is None:
        return make_environment(request, f"{project.manager} is not installed")
    if project.manager == "pixi":
        # A pixi environment for one Python has another name than its group.
        named = environments.test.replace("{python}", python.replace(".", ""))
        name = (named if python else "") or declared or "default"
        return pixi_environment(project, name, cancel)
    return {"uv": _uv, "poetry": _poetry}[project.manager](request)


def has_environment(project: Project) -> bool:
    """Whether the project has an environment already, created by us or by the user."""
    made = (project.root / ".venv", project.root / ".pixi" / "envs")
    return any(path.exists() for path in (*made, project.output / "environments"))


def prepare_development(project: Project, environments: Environments) -> None:
    """Prepare the development environment, if it has more than that of a tier.

    pixi, uv and poetry users get everything their manager installs by default;
    users of pip get a ``.venv`` with the project and its groups.
    """
    request = EnvironmentRequest(project, environments.essential, "")
    commands = {
        "pixi": ["pixi", "install", "--quiet"],
        "uv": ["uv", "sync", "--quiet"],
        "poetry": _POETRY_INSTALL,
    }
    if project.manager == "pip":
        group = "dev" if "dev" in project.groups else environments.essential
        fill_environment(replace(request, group=group), project.root / ".venv")
    elif find_program(project.manager) is not None:
        what = f"{project.manager} could not prepare the environment"
        command = commands[project.manager]
        request.installer.run(what, command, _POETRY_VARIABLES)


def _uv(request: EnvironmentRequest) -> Environment:
    root = request.project.root
    prefix = root / ".venv"
    command = ["uv", "sync", "--quiet", "--inexact"]
    if (root / "uv.lock").is_file():
        command.append("--locked")
    if request.dependency_group:
        command += ["--no-default-groups", "--group", request.group]
    elif request.extra:
        command += ["--extra", request.extra]
    if request.python:
        # The environment for another Python must not replace the developer's own.
        prefix = request.project.output / "environments" / f"uv-{request.python}"
        command += ["--python", request.python]
    variables = {"UV_PROJECT_ENVIRONMENT": str(prefix)}
    request.installer.run("uv could not prepare the environment", command, variables)
    return request.environment(prefix, "uv")


def _poetry(request: EnvironmentRequest) -> Environment:
    if request.python:
        because = "poetry has one environment, not one for each Python"
        return make_environment(request, because)
    command = [*_POETRY_INSTALL]
    if request.dependency_group or request.poetry_group:
        command += ["--with", request.group]
    elif request.extra:
        command += ["--extras", request.extra]
    run = request.installer.run
    run("poetry could not prepare the environment", command, _POETRY_VARIABLES)
    unknown = "poetry does not report where its environment is"
    location = run(unknown, ["poetry", "env", "info", "--path"], _POETRY_VARIABLES)
    if not location.stdout.strip():
        raise environment_error(unknown, location)
    return request.environment(Path(location.stdout.strip()), "poetry")


def _own_or_made(request: EnvironmentRequest) -> Environment:
    """Use the project's ``.venv`` if it can run the tests, else create one."""
    project, prefix = request.project, request.project.root / ".venv"
    if not request.python and python_of(prefix).exists():
        environment = virtual_environment(prefix, ".venv", project, request.cancel)
        source = environment.probe.source
        path = Path(url2pathname(urlsplit(source).path)).resolve()
        # It may contain the project that this one was copied from.
        own = not source.startswith("file:") or path == project.root.resolve()
        if environment.module("pytest") and own:
            return environment
    return make_environment(request)
